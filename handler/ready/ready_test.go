package ready_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/ready"
)

func TestEachDependencyIsToldWithItsProblem(t *testing.T) {
	t.Parallel()
	p := ready.NewProber(time.Now,
		ready.Check{Name: "good", Ask: func(context.Context) error { return nil }},
		ready.Check{Name: "away", Ask: func(context.Context) error {
			return fault.New(fault.Busy, "away", errors.New("a secret"))
		}},
		ready.Check{Name: "odd", Ask: func(context.Context) error { return errors.New("x") }},
	)
	found := p.Look(t.Context())
	if len(found) != 3 || found[0].Name != "good" || found[0].Problem != "" || found[1].Problem != fault.Busy ||
		found[2].Problem != fault.Internal {
		t.Errorf("%+v", found)
	}
}

func TestManyWhoAskMakeOneLook(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	var later atomic.Int64 // nanoseconds
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	p := ready.NewProber(now, ready.Check{Name: "slow", Ask: func(context.Context) error {
		looks.Add(1)
		time.Sleep(20 * time.Millisecond)
		return nil
	}})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { p.Look(t.Context()) })
	}
	all.Wait()
	if got := looks.Load(); got != 1 {
		t.Errorf("%d looks, want one", got)
	}
	later.Store(int64(6 * time.Second))
	p.Look(t.Context())
	if got := looks.Load(); got != 2 {
		t.Errorf("%d looks, want another after some seconds", got)
	}
}

func TestADependencyThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := ready.NewProber(time.Now, ready.Check{Name: "hangs", Ask: func(ctx context.Context) error {
			<-ctx.Done()
			return fault.New(fault.Busy, "late", ctx.Err())
		}})
		if found := p.Look(t.Context()); found[0].Problem != fault.Busy || found[0].Took != 5*time.Second {
			t.Errorf("%+v", found)
		}
	})
}
