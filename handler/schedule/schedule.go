// Package schedule starts bulk edits while nobody is there: at a time, or again and again by a recurrence rule.
//
// It does not know how a bulk edit works; it keeps what one shall do, says when the next one is due, and starts what is
// due once, though a timer may come late, twice, or be killed half-way.
package schedule

import (
	"context"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Schedule is a bulk edit that is to be started.
type Schedule struct {
	Tenant string
	User   string // object id of the user on whose behalf it works
	ID     string // unique among the user's
	Plan

	Next    time.Time // when it is due, UTC; zero if it never is again
	LastDue time.Time // when the last one was due; zero if there was none
	LastJob string    // that one's id; empty if there was none
	Since   string    // id of the last one that looked at all images; empty if there was none
	Problem *Problem  // why what was due last could not be started; nil if it could

	CreatedAt, ChangedAt time.Time
	Version              string
}

// Plan is what a user says of a schedule.
type Plan struct {
	Name  string       // 1 to 128 characters
	Edit  bulk.Request // without a key
	Start string       // local time of the first start, as 2026-12-24T18:00:00
	Rule  string       // RFC 5545 RRULE that begins with Start; empty: once
	Zone  string       // time zone of both, by its IANA or Windows name
	// OnlyChanged leaves out the images that the last one of the schedule has seen and that are still as it left them.
	OnlyChanged bool
	Paused      bool
}

// Problem is why a bulk edit could not be started.
type Problem struct {
	At      time.Time
	Kind    fault.Kind
	Message string
}

// who is the user on whose behalf the schedule works, away.
func (s Schedule) who() caller.Caller { return caller.Away(s.Tenant, s.User) }

// Store keeps schedules. Its faults: NotFound, Conflict (the version is not the one that was read), Busy.
type Store interface {
	// CreateSchedule adds a schedule; Conflict if its id is taken.
	CreateSchedule(ctx context.Context, s Schedule) (Schedule, error)
	// Schedule returns a schedule of the user.
	Schedule(ctx context.Context, tenant, user, id string) (Schedule, error)
	// SchedulesOf returns all schedules of the user.
	SchedulesOf(ctx context.Context, tenant, user string) ([]Schedule, error)
	// UpdateSchedule replaces the version that was read, and returns the new one.
	UpdateSchedule(ctx context.Context, s Schedule) (Schedule, error)
	// DeleteSchedule deletes a version of a schedule, or any for "*". One that is gone is no fault.
	DeleteSchedule(ctx context.Context, tenant, user, id, version string) error
	// Due calls yield with the schedules of all tenants that are due by the time, until yield returns false.
	Due(ctx context.Context, by time.Time, yield func(Schedule) bool) error
}

// Edits are the bulk edits.
type Edits interface {
	// Check returns the request with its defaults; its faults name the field.
	Check(r bulk.Request) (bulk.Request, error)
	// Submit starts a bulk edit, once for a key.
	Submit(ctx context.Context, who caller.Caller, r bulk.Request) (bulk.Job, error)
	// Get returns a bulk edit of the user's, or NotFound.
	Get(ctx context.Context, who caller.Caller, id string) (bulk.Job, error)
}

// People tells who may have work done.
type People interface {
	// MayWork is Busy while the data of the user or of their organization is being erased.
	MayWork(ctx context.Context, who caller.Caller) error
}
