package org

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// Sweeper is the clean-up: it gives organizations that nobody uses a grace and then erases them, goes on with
// erasures that were left, lets go of sessions that nothing needs, and of old receipts.
type Sweeper struct{ o SweeperOptions }

// SweeperOptions are what a Sweeper needs.
type SweeperOptions struct {
	Organizations Organizations
	Users         Users
	Sessions      Sessions
	Erasures      Erasures
	Jobs          Jobs
	Schedules     Schedules
	Resealer      Resealer
	Eradicator    *Eradicator
	Queue         Queue
	NewID         func() string

	Inactive time.Duration // how long an organization may go unused before its grace
	Grace    time.Duration // how long the grace is; 0 erases at once
	Unneeded time.Duration // how long a session that no work needs is kept
}

// ReceiptLife is how long receipts of erasures are kept.
const ReceiptLife = 365 * 24 * time.Hour

// NewSweeper returns a sweeper.
func NewSweeper(o SweeperOptions) *Sweeper { return &Sweeper{o} }

// Swept is what a run did.
type Swept struct {
	Graces   int // organizations whose grace began
	Begun    int // erasures that began
	Erased   int // erasures that are done
	Resealed int // sessions under another key now
	Dropped  int // sessions deleted
	Receipts int // receipts deleted
	// Stopped says that the time was over before everything was looked at.
	Stopped bool
}

// Sweep does what is due at the time now. It stops in time before the deadline of ctx; what it had to leave
// goes on by messages, or with the next run. One organization that cannot be erased does not keep the others
// from it.
func (s *Sweeper) Sweep(ctx context.Context, now time.Time) (Swept, error) {
	var done Swept
	now = now.UTC()
	err := errors.Join(
		s.organizations(ctx, now, &done),
		s.users(ctx, now, &done),
		s.erasures(ctx, now, &done),
		s.sessions(ctx, now, &done),
	)
	return done, err
}

// problems gathers errors, and keeps the last of them: there may be very many.
type problems struct {
	count int
	last  error
}

func (p *problems) add(err error) {
	if err != nil {
		p.count++
		p.last = err
	}
}

func (p *problems) err(what string) error {
	if p.count == 0 {
		return nil
	}
	return fmt.Errorf("%d %s, the last: %w", p.count, what, p.last)
}

// goesOn reports whether there is time for more, and notes it if there is not.
func (s *Swept) goesOn(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	s.Stopped = s.Stopped || ctx.Err() != nil || ok && time.Until(deadline) <= eraseLeave
	return !s.Stopped
}

// organizations moves each idle organization on: into its grace, or at its end into its erasure.
func (s *Sweeper) organizations(ctx context.Context, now time.Time, done *Swept) error {
	var failed problems
	err := s.o.Organizations.Idle(ctx, now.Add(-s.o.Inactive), func(o Organization) bool {
		var err error
		switch {
		case o.State == Active && s.o.Grace > 0:
			o.State, o.EraseAt = Grace, now.Add(s.o.Grace)
			if _, err = s.o.Organizations.PutOrganization(ctx, o); err == nil {
				done.Graces++
			}
		case o.State == Active, o.State == Grace && !now.Before(o.EraseAt):
			if err = s.begin(ctx, now, o); err == nil {
				done.Begun++
			}
		case o.State == Erasing:
			lost := unused(o, now)
			lost.ID, lost.Reason = o.Erasure, unknown
			_, err = revive(ctx, s.o.Erasures, lost)
		}
		if fault.Is(err, fault.Conflict) {
			slog.InfoContext(ctx, "organization is in use again", "tenant", o.Tenant)
			err = nil
		}
		failed.add(err)
		return done.goesOn(ctx)
	})
	return errors.Join(err, failed.err("organizations could not be moved on"))
}

// begin begins the erasure of the organization, unless somebody uses it again: Conflict.
func (s *Sweeper) begin(ctx context.Context, now time.Time, o Organization) error {
	e := unused(o, now)
	e.ID = s.o.NewID()
	e, err := s.o.Erasures.PutErasure(ctx, e)
	if err != nil {
		return err
	}
	err = s.marks().setOrganization(ctx, o, e.ID)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	bearer, failed := s.marks().of(ctx, e.Scope)
	if failed != nil || bearer.mark == e.ID { // it was marked, and the answer was lost
		return failed
	}
	return errors.Join(err, s.o.Erasures.DeleteErasure(ctx, e))
}

func (s *Sweeper) marks() marks { return marks{s.o.Organizations, s.o.Users} }

// unused is the erasure of an organization that nobody uses, without an id.
func unused(o Organization, now time.Time) Erasure {
	return Erasure{
		Scope:   erasure.Scope{Tenant: o.Tenant},
		Subject: OfOrganization,
		Begun:   now,
		Reason:  "not used since " + o.LastActive.Format(time.DateOnly),
	}
}

// users makes the erasures of marked users again whose records are lost.
func (s *Sweeper) users(ctx context.Context, now time.Time, done *Swept) error {
	var failed problems
	err := s.o.Users.Marked(ctx, func(u User) bool {
		_, err := revive(ctx, s.o.Erasures, Erasure{
			ID:      u.Erasure,
			Scope:   erasure.Scope{Tenant: u.Tenant, User: u.ID},
			Subject: OfUser,
			Reason:  unknown,
			Begun:   now,
		})
		failed.add(withoutConflict(err))
		return done.goesOn(ctx)
	})
	return errors.Join(err, failed.err("erasures of users could not be made again"))
}

// erasures goes on with all that are under way, while there is time, and sends messages for the rest.
func (s *Sweeper) erasures(ctx context.Context, now time.Time, done *Swept) error {
	var failed problems
	err := s.o.Erasures.EachErasure(ctx, func(e Erasure) bool {
		switch {
		case e.Done.IsZero() && done.goesOn(ctx):
			again, err := s.o.Eradicator.Run(ctx, e.ID)
			if err == nil && again < 0 {
				done.Erased++
			}
			if err == nil && again >= 0 {
				err = sendErasure(ctx, s.o.Queue, e.ID, again)
			}
			failed.add(err)
		case e.Done.IsZero():
			failed.add(sendErasure(ctx, s.o.Queue, e.ID, 0))
		case now.Sub(e.Done) > ReceiptLife:
			err := s.o.Erasures.DeleteErasure(ctx, e)
			if err == nil {
				done.Receipts++
			}
			failed.add(err)
		}
		return ctx.Err() == nil
	})
	return errors.Join(err, failed.err("erasures could not go on"))
}

// sessions seals every session with the present key, and deletes those that no work needs for long.
func (s *Sweeper) sessions(ctx context.Context, now time.Time, done *Swept) error {
	var failed problems
	err := s.o.Sessions.EachSession(ctx, func(session Session) bool {
		failed.add(s.session(ctx, now, session, done))
		return done.goesOn(ctx)
	})
	return errors.Join(err, failed.err("sessions could not be kept in order"))
}

func (s *Sweeper) session(ctx context.Context, now time.Time, session Session, done *Swept) error {
	if now.Sub(session.SavedAt) > s.o.Unneeded {
		needed, err := s.o.Jobs.Open(ctx, session.Tenant, session.User)
		if err == nil && !needed {
			needed, err = s.o.Schedules.Works(ctx, session.Tenant, session.User)
		}
		if err != nil {
			return err
		}
		if !needed {
			err := s.o.Sessions.DeleteSession(ctx, session)
			if err == nil {
				done.Dropped++
			}
			return withoutConflict(err)
		}
	}
	resealed, changed := s.o.Resealer.Reseal(session)
	if !changed {
		return nil
	}
	err := s.o.Sessions.RenewSession(ctx, resealed)
	if err == nil {
		done.Resealed++
	}
	return withoutConflict(err)
}

// withoutConflict drops a lost race: whoever won has left a newer session, or erased it.
func withoutConflict(err error) error {
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}
