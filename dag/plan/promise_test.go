package plan

import "testing"

func TestPromiseOf(t *testing.T) {
	for _, c := range []struct {
		replays, transactional, checkpointed bool
		want                                 Promise
	}{
		{false, true, true, AtMostOnce},
		{true, false, true, AtLeastOnce},
		{true, true, false, AtLeastOnce}, // what a run that died had shown, a new one shows again
		{true, true, true, ExactlyOnce},
	} {
		got := PromiseOf(&Scan{Replays: c.replays}, &Write{Transactional: c.transactional, Checkpointed: c.checkpointed})
		if got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestAJournalMakesASourceReplay(t *testing.T) {
	s := &Scan{Journal: &Journal{Dir: "state"}}
	if got := PromiseOf(s, &Write{Transactional: true, Checkpointed: true}); got != ExactlyOnce {
		t.Error(got)
	}
	if got := PromiseOf(s, &Write{}); got != AtLeastOnce {
		t.Error(got)
	}
}
