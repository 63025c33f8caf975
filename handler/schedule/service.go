package schedule

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Service keeps the schedules of users.
type Service struct{ o ServiceOptions }

// ServiceOptions are what a Service needs.
type ServiceOptions struct {
	Store  Store
	Edits  Edits
	People People
	Now    func() time.Time
	NewID  func() string // a fresh id: 1 to 64 lower-case letters and digits
}

// MaxOfUser is the most schedules of one user.
const MaxOfUser = 50

// NewService returns a service.
func NewService(o ServiceOptions) *Service { return &Service{o} }

// Create adds a schedule of the caller's. Invalid names the field.
func (s *Service) Create(ctx context.Context, who caller.Caller, p Plan) (Schedule, error) {
	p, due, err := s.valid(p)
	if err != nil {
		return Schedule{}, err
	}
	if err := s.o.People.MayWork(ctx, who); err != nil {
		return Schedule{}, err
	}
	have, err := s.o.Store.SchedulesOf(ctx, who.Tenant, who.User)
	if err != nil {
		return Schedule{}, err
	}
	if len(have) >= MaxOfUser {
		return Schedule{}, fault.Newf(fault.TooLarge, "There are %d schedules; a user has at most %d.", len(have),
			MaxOfUser).Over(fault.LimitSchedules)
	}
	now := s.o.Now().UTC()
	fresh := Schedule{Tenant: who.Tenant, User: who.User, ID: s.o.NewID(), Plan: p, CreatedAt: now, ChangedAt: now}
	if fresh.Next, err = s.next(p, due, now); err != nil {
		return Schedule{}, err
	}
	return s.o.Store.CreateSchedule(ctx, fresh)
}

// next returns when a plan that was just made or changed is due first. One start that is past already is a mistake.
func (s *Service) next(p Plan, due occurrences, now time.Time) (time.Time, error) {
	next := due.after(now)
	if next.IsZero() && !p.Paused {
		return next, fault.New(fault.Invalid, "This is over already: nothing would be started.", nil).At("/start")
	}
	return next, nil
}

// List returns the caller's schedules, those that are due first before the others.
func (s *Service) List(ctx context.Context, who caller.Caller) ([]Schedule, error) {
	all, err := s.o.Store.SchedulesOf(ctx, who.Tenant, who.User)
	slices.SortFunc(all, func(a, b Schedule) int {
		switch {
		case a.Next.IsZero() != b.Next.IsZero():
			if a.Next.IsZero() {
				return 1
			}
			return -1
		case !a.Next.Equal(b.Next):
			return a.Next.Compare(b.Next)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, err
}

// Get returns a schedule of the caller's. Somebody else's is NotFound.
func (s *Service) Get(ctx context.Context, who caller.Caller, id string) (Schedule, error) {
	return s.o.Store.Schedule(ctx, who.Tenant, who.User, id)
}

// Update replaces what the caller said of the version that they read; Stale if that is not the present one.
func (s *Service) Update(ctx context.Context, who caller.Caller, id, version string, p Plan) (Schedule, error) {
	p, due, err := s.valid(p)
	if err != nil {
		return Schedule{}, err
	}
	now, err := s.o.Store.Schedule(ctx, who.Tenant, who.User, id)
	if err != nil {
		return Schedule{}, err
	}
	if now.Version != version {
		return Schedule{}, stale(nil)
	}
	at := s.o.Now().UTC()
	now.Plan, now.ChangedAt, now.Problem = p, at, nil
	if now.Next, err = s.next(p, due, at); err != nil {
		return Schedule{}, err
	}
	now, err = s.o.Store.UpdateSchedule(ctx, now)
	if fault.Is(err, fault.Conflict) {
		err = stale(err)
	}
	return now, err
}

// Delete deletes the version of a schedule that the caller read, or any for "*". Bulk edits that it has started go on.
func (s *Service) Delete(ctx context.Context, who caller.Caller, id, version string) error {
	if _, err := s.o.Store.Schedule(ctx, who.Tenant, who.User, id); err != nil {
		return err
	}
	err := s.o.Store.DeleteSchedule(ctx, who.Tenant, who.User, id, version)
	if fault.Is(err, fault.Conflict) {
		err = stale(err)
	}
	return err
}

func stale(cause error) error {
	return fault.New(fault.Stale, "Somebody has changed the schedule meanwhile, or it has just started a bulk edit.",
		cause)
}

// Upcoming returns the times, at most n, at which the schedule is due after the present one.
func (s *Service) Upcoming(of Schedule, n int) []time.Time {
	due, err := occurrencesOf(of.Plan)
	if err != nil || of.Paused {
		return nil
	}
	var all []time.Time
	for at := due.after(s.o.Now()); !at.IsZero() && len(all) < n; at = due.after(at) {
		all = append(all, at)
	}
	return all
}

// Works reports whether the user has a schedule that will start something: their session is needed.
func (s *Service) Works(ctx context.Context, tenant, user string) (bool, error) {
	all, err := s.o.Store.SchedulesOf(ctx, tenant, user)
	return slices.ContainsFunc(all, func(one Schedule) bool { return !one.Paused && !one.Next.IsZero() }), err
}

// valid checks a plan and fills in defaults; its faults name the field.
func (s *Service) valid(p Plan) (Plan, occurrences, error) {
	p.Name = strings.TrimSpace(p.Name)
	if n := utf8.RuneCountInString(p.Name); n < 1 || n > 128 || !utf8.ValidString(p.Name) {
		return p, occurrences{}, fault.New(fault.Invalid, "The name has 1 to 128 characters.", nil).At("/name")
	}
	due, err := occurrencesOf(p)
	if err != nil {
		return p, due, err
	}
	if p.Edit, err = s.o.Edits.Check(p.Edit); err != nil {
		f := fault.From(err)
		return p, due, f.At("/edit" + f.Field)
	}
	return p, due, nil
}

// keyOf makes the bulk edit that a schedule starts at a time one, however often it is started. No client can name the
// key: headers hold no such character.
func keyOf(s Schedule) string {
	return "\x00schedule " + s.ID + " " + s.Next.UTC().Format(time.RFC3339)
}

// request is the bulk edit that is due.
func (s Schedule) request() bulk.Request {
	r := s.Edit
	r.Key = keyOf(s)
	if s.OnlyChanged {
		r.Source.Since = s.Since
	}
	return r
}
