package exec

import (
	"context"
	"reflect"
	"time"
)

// inbox reads the inputs of a node. An input that has delivered its barrier is held until all have.
type inbox struct {
	edges []*edge
	held  []bool
	holds int
	turn  int // where the next look begins, so that a busy input does not starve the others
	cases []reflect.SelectCase
	// stirred makes next return a message of that kind; nil: nothing does.
	stirred chan struct{}
}

func newInbox(edges []*edge) *inbox {
	return &inbox{edges: edges, held: make([]bool, len(edges))}
}

// next returns a message and its port, or one of the kind rung once ring fires, which may be nil. idle is called before it waits.
func (in *inbox) next(ctx context.Context, c *shares, idle func(), ring <-chan time.Time) (int, message, error) {
	if err := ctx.Err(); err != nil {
		return 0, message{}, context.Cause(ctx)
	}
	for i := range in.edges {
		port := (in.turn + i) % len(in.edges)
		if in.held[port] {
			continue
		}
		select {
		case m := <-in.edges[port].ch:
			in.turn = port + 1
			return port, m, nil
		default:
		}
	}
	idle()
	was := c.to(waiting, moment())
	defer func() { c.to(was, moment()) }()
	if len(in.edges) == 1 {
		select {
		case m := <-in.edges[0].ch:
			return 0, m, nil
		case <-ring:
			return 0, message{kind: rung}, nil
		case <-in.stirred:
			return 0, message{kind: stirred}, nil
		case <-ctx.Done():
			return 0, message{}, context.Cause(ctx)
		}
	}
	return in.wait(ctx, ring)
}

// wait selects over all inputs that are not held. Reflection costs less than waking up does.
func (in *inbox) wait(ctx context.Context, ring <-chan time.Time) (int, message, error) {
	if in.cases == nil {
		in.cases = make([]reflect.SelectCase, len(in.edges)+3)
	}
	for i, e := range in.edges {
		in.cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv}
		if !in.held[i] {
			in.cases[i].Chan = reflect.ValueOf(e.ch)
		}
	}
	in.cases[len(in.edges)] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())}
	in.cases[len(in.edges)+1] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ring)}
	in.cases[len(in.edges)+2] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(in.stirred)}
	port, v, _ := reflect.Select(in.cases)
	switch port {
	case len(in.edges):
		return 0, message{}, context.Cause(ctx)
	case len(in.edges) + 1:
		return 0, message{kind: rung}, nil
	case len(in.edges) + 2:
		return 0, message{kind: stirred}, nil
	}
	return port, v.Interface().(message), nil
}

// hold stops reading a port whose barrier came, and reports whether all have now; then all are read again.
func (in *inbox) hold(port int) bool {
	in.held[port] = true
	in.holds++
	if in.holds < len(in.edges) {
		return false
	}
	clear(in.held)
	in.holds = 0
	return true
}
