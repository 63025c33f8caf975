package org

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"imagepro/handler/fault"
)

// Sweeper erases inactive organizations.
type Sweeper struct {
	store   Store
	erasers []Eraser
	after   time.Duration
}

// NewSweeper returns a sweeper that erases organizations without a sign-in for longer than after. The
// erasers run in their order; sessions should come first.
func NewSweeper(store Store, after time.Duration, erasers ...Eraser) *Sweeper {
	return &Sweeper{store: store, erasers: erasers, after: after}
}

// Sweep erases every organization that is inactive at the time now, and goes on with erasures that an
// earlier run had to leave. It stops when ctx ends; the next run continues. One organization that cannot be
// erased does not keep the others from it. It returns how many were erased completely.
func (s *Sweeper) Sweep(ctx context.Context, now time.Time) (int, error) {
	erased, failed := 0, 0
	var last error
	err := s.store.Inactive(ctx, now.Add(-s.after).UTC(), func(o Organization) bool {
		err := s.erase(ctx, o)
		switch {
		case err == nil:
			erased++
		case fault.Is(err, fault.Conflict): // somebody signed in meanwhile: it is active again
			slog.InfoContext(ctx, "organization is in use again", "tenant", o.Tenant)
		default:
			failed++
			last = fmt.Errorf("erasing organization %s: %w", o.Tenant, err)
		}
		return ctx.Err() == nil
	})
	if err != nil {
		return erased, err
	}
	if last != nil {
		return erased, fmt.Errorf("%d organizations could not be erased, the last: %w", failed, last)
	}
	return erased, nil
}

// erase marks the organization first, so that nobody signs in to data that is going away, and removes the
// mark with the record itself last, so that a run that was stopped is found again.
func (s *Sweeper) erase(ctx context.Context, o Organization) error {
	if o.State != Erasing {
		o.State = Erasing
		o.EraseReason = "no sign-in since " + o.LastSignIn.Format(time.DateOnly)
		marked, err := s.store.PutOrganization(ctx, o)
		if err != nil {
			return err
		}
		o = marked
	}
	slog.InfoContext(ctx, "erasing organization", "tenant", o.Tenant, "reason", o.EraseReason)
	for _, eraser := range s.erasers {
		if err := eraser.Erase(ctx, o.Tenant); err != nil {
			return err
		}
	}
	if err := s.store.DeleteOrganization(ctx, o); err != nil {
		return err
	}
	slog.InfoContext(ctx, "erased organization", "tenant", o.Tenant)
	return nil
}
