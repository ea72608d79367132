package soak

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// receiver is the slow server at which rows of the log arrive.
type receiver struct {
	tally   *tally
	mu      sync.Mutex
	rng     *rand.Rand
	refused atomic.Int64
	took    atomic.Int64 // rows, also those that came again
}

// A request takes so long, and one in refuses is refused.
const (
	slowness = 60 * time.Millisecond
	refuses  = 50
)

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	refuse := r.rng.IntN(refuses) == 0
	r.mu.Unlock()
	rest(req.Context(), slowness)
	if refuse {
		r.refused.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var ids []int64
	lines := bufio.NewScanner(req.Body)
	for lines.Scan() {
		_, after, _ := bytes.Cut(lines.Bytes(), []byte(`"id":`))
		end := bytes.IndexAny(after, ",}")
		if end < 0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id, err := strconv.ParseInt(string(bytes.TrimSpace(after[:end])), 10, 64)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		ids = append(ids, id)
	}
	if lines.Err() != nil {
		return // the sender is gone
	}
	r.took.Add(int64(len(ids)))
	r.tally.deliver(ids)
}
