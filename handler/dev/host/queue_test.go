package host_test

import (
	"testing"
	"time"

	"imagepro/handler/dev/host"
)

func TestMessageIsDeletedAfterEmptyObject(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := s.queue("Ok", "")
	r := s.start(host.Options{})
	r.send(name, "hello")
	c := r.awaitCalls("/Ok", 1)[0]
	if c.Method != "POST" || !c.Chunked || c.RawQuery != "" {
		t.Errorf("the call was %+v, want a chunked POST without query", c)
	}
	r.awaitCount("Ok", host.Count{Started: 1, Succeeded: 1})
	r.await("an empty queue", func() bool { return r.count(name) == 0 })
}

var _ = time.Second
