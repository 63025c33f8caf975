package org

import (
	"context"
	"errors"
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
// earlier run had to leave. It stops when ctx ends; the next run continues. One organization, or one store of
// it, that cannot be erased does not keep the others from it. It returns how many were erased completely.
func (s *Sweeper) Sweep(ctx context.Context, now time.Time) (int, error) {
	erased, failed := 0, 0
	var last error
	err := s.store.Inactive(ctx, now.Add(-s.after).UTC(), func(o Organization) bool {
		gone, err := s.erase(ctx, o)
		if gone {
			erased++
		}
		if err != nil {
			failed++
			last = fmt.Errorf("erasing organization %s: %w", o.Tenant, err)
		}
		return ctx.Err() == nil
	})
	if last != nil {
		last = fmt.Errorf("%d organizations could not be erased, the last: %w", failed, last)
	}
	return erased, errors.Join(err, last)
}

// erase marks the organization first, so that nobody signs in to data that is going away, and removes the
// mark with the record itself last, so that a run that was stopped is found again. It returns false without
// an error if somebody has signed in since the organization was listed.
func (s *Sweeper) erase(ctx context.Context, o Organization) (bool, error) {
	o, err := s.mark(ctx, o)
	if fault.Is(err, fault.Conflict) {
		slog.InfoContext(ctx, "organization is in use again", "tenant", o.Tenant)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	slog.InfoContext(ctx, "erasing organization", "tenant", o.Tenant, "reason", o.EraseReason)
	for _, eraser := range s.erasers {
		err = errors.Join(err, eraser.Erase(ctx, o.Tenant))
	}
	if err != nil {
		return false, err
	}
	if err := s.store.DeleteOrganization(ctx, o); err != nil {
		return false, err
	}
	slog.InfoContext(ctx, "erased organization", "tenant", o.Tenant)
	return true, nil
}

// mark records that the organization is being erased. Conflict if its record is not the one that was listed.
func (s *Sweeper) mark(ctx context.Context, o Organization) (Organization, error) {
	if o.State == Erasing {
		return o, nil
	}
	o.State = Erasing
	o.EraseReason = "no sign-in since " + o.LastSignIn.Format(time.DateOnly)
	return s.store.PutOrganization(ctx, o)
}
