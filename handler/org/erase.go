package org

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// Erasure is the erasure of a user's or an organization's data: a plan while it is under way, a receipt without
// any ids afterwards.
type Erasure struct {
	ID      string
	Scope   erasure.Scope // empty once it is done
	Subject Subject
	Reason  string // requested, or inactive since a day
	Begun   time.Time
	Marked  time.Time // when the mark in the record of its subject was seen first; zero before
	Done    time.Time // zero while it is under way
	Counts  map[erasure.Kind]int
	// Through is the last key that was counted of each place; empty once it is done. What lies behind it was
	// counted before it was deleted, so that a run that is killed in between counts nothing twice.
	Through map[string]string
	Version string
}

// Subject is what an erasure is of.
type Subject string

const (
	OfUser         Subject = "user"
	OfOrganization Subject = "organization"
)

// ErasureQueue is the queue of erasures, as the function.json files name it.
const ErasureQueue = "erasures"

// ErasureMessage asks to go on with an erasure.
type ErasureMessage struct {
	Erasure string `json:"erasure"`
}

// requested is the reason of an erasure that somebody asked for.
const requested = "requested"

// EraseUser begins the erasure of the caller's own data and returns it. A repeat returns the one that is
// under way.
func (s *Service) EraseUser(ctx context.Context, who caller.Caller) (Erasure, error) {
	s.profiles.Remove(s.login(who))
	for {
		u, err := s.o.Users.User(ctx, who.Tenant, who.User)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Erasure{}, err
		}
		if u.State == Erasing {
			return s.resume(ctx, u.Erasure, Erasure{Scope: erasure.Scope{Tenant: who.Tenant, User: who.User}, Subject: OfUser})
		}
		u.Tenant, u.ID, u.State = who.Tenant, who.User, Erasing
		u.Profile = Profile{} // goes at once
		e, err := begin(ctx, s.o.Erasures, s.newErasure(erasure.Scope{Tenant: who.Tenant, User: who.User}, OfUser), func(id string) error {
			u.Erasure = id
			_, err := s.o.Users.PutUser(ctx, u)
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			return s.sent(ctx, e, err)
		}
	}
}

// EraseOrganization begins the erasure of all data of the caller's organization and returns it. A repeat
// returns the one that is under way. Forbidden unless the caller is an administrator.
func (s *Service) EraseOrganization(ctx context.Context, who caller.Caller) (Erasure, error) {
	if !who.Admin {
		return Erasure{}, fault.New(fault.Forbidden, "Only an administrator of your organization may erase its data.", nil)
	}
	s.entered.Remove(who.Tenant)
	scope := erasure.Scope{Tenant: who.Tenant}
	for {
		o, err := s.o.Organizations.Organization(ctx, who.Tenant)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Erasure{}, err
		}
		if o.State == Erasing {
			return s.resume(ctx, o.Erasure, Erasure{Scope: scope, Subject: OfOrganization})
		}
		o.Tenant = who.Tenant
		e, err := begin(ctx, s.o.Erasures, s.newErasure(scope, OfOrganization), func(id string) error {
			_, err := s.o.Organizations.PutOrganization(ctx, marked(o, id))
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			return s.sent(ctx, e, err)
		}
	}
}

// marked returns the organization as it is while the erasure is under way.
func marked(o Organization, erasure string) Organization {
	o.State, o.Erasure, o.EraseAt = Erasing, erasure, time.Time{}
	return o
}

func (s *Service) newErasure(scope erasure.Scope, subject Subject) Erasure {
	return Erasure{ID: s.o.NewID(), Scope: scope, Subject: subject, Reason: requested, Begun: s.o.Now().UTC()}
}

// begin records the erasure, and then marks its subject with it. Without the mark nothing is erased, so an
// erasure that could not mark is dropped again.
func begin(ctx context.Context, erasures Erasures, e Erasure, mark func(id string) error) (Erasure, error) {
	e, err := erasures.PutErasure(ctx, e)
	if err != nil {
		return e, err
	}
	if err := mark(e.ID); err != nil {
		if fault.Is(err, fault.Conflict) { // surely not marked
			return e, errors.Join(err, erasures.DeleteErasure(ctx, e))
		}
		return e, err // Run finds out whether it is
	}
	return e, nil
}

// sent asks the function to start with an erasure that has begun.
func (s *Service) sent(ctx context.Context, e Erasure, err error) (Erasure, error) {
	if err != nil {
		return Erasure{}, err
	}
	return e, sendErasure(ctx, s.o.Queue, e.ID, 0)
}

// resume returns the erasure that a mark names, and asks to go on with it: the message may have been lost. One
// whose record is lost is made again.
func (s *Service) resume(ctx context.Context, id string, lost Erasure) (Erasure, error) {
	e, err := s.o.Erasures.Erasure(ctx, id)
	if fault.Is(err, fault.NotFound) {
		lost.ID, lost.Reason, lost.Begun = id, requested, s.o.Now().UTC()
		e, err = s.o.Erasures.PutErasure(ctx, lost)
	}
	return s.sent(ctx, e, err)
}

func sendErasure(ctx context.Context, q Queue, id string, delay time.Duration) error {
	message, err := json.Marshal(ErasureMessage{Erasure: id})
	if err != nil {
		return err
	}
	return q.Send(ctx, ErasureQueue, message, delay)
}

// Receipt returns an erasure by its id, done or not.
func (s *Service) Receipt(ctx context.Context, id string) (Erasure, error) {
	return s.o.Erasures.Erasure(ctx, id)
}

// Eradicator carries erasures out, in portions.
type Eradicator struct{ o EradicatorOptions }

// EradicatorOptions are what an Eradicator needs.
type EradicatorOptions struct {
	Organizations Organizations
	Users         Users
	Erasures      Erasures
	Jobs          Jobs
	Erasers       []Eraser // in their order; sessions should come first
	Queue         Queue
	Now           func() time.Time
	// Settle is for how long after the mark a request that was under way, or a process that has not seen the
	// mark yet, may still write: only what is found empty after that is done.
	Settle time.Duration
}

// NewEradicator returns an eradicator.
func NewEradicator(o EradicatorOptions) *Eradicator { return &Eradicator{o} }

const (
	// eraseLeave is how long before its deadline a run stops and sends itself a message to go on.
	eraseLeave = 20 * time.Second
	// eraseMeet is when to look again after two runs of one erasure met.
	eraseMeet = time.Minute
	// eraseOrphan is how old an erasure without a mark must be to be dropped: younger ones may just be marking.
	eraseOrphan = time.Hour
)

// errPause stops a run that has had its time.
var errPause = errors.New("org: the run has had its time")

// Erase handles a message: it erases until nothing is left or the deadline of ctx is near, and then sends a
// message to go on.
func (d *Eradicator) Erase(ctx context.Context, m ErasureMessage) error {
	again, err := d.Run(ctx, m.Erasure)
	if err != nil || again < 0 {
		return err
	}
	return sendErasure(ctx, d.o.Queue, m.Erasure, again)
}

// GiveUp handles a message that failed again and again: the next run of the sweeper goes on with the erasure.
func (d *Eradicator) GiveUp(ctx context.Context, m ErasureMessage) error {
	slog.ErrorContext(ctx, "erasure is left to the clean-up", "erasure", m.Erasure)
	return nil
}

// Run erases a portion and returns when to go on, or less than zero if the erasure is done. It may be killed
// anywhere and repeated.
func (d *Eradicator) Run(ctx context.Context, id string) (again time.Duration, err error) {
	e, err := d.o.Erasures.Erasure(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !e.Done.IsZero() {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	began := d.o.Now()
	there, err := d.hasMark(ctx, e)
	if err != nil {
		return 0, err
	}
	if !there {
		return -1, d.withoutMark(ctx, e)
	}
	if e, err = d.noteMark(ctx, e); err != nil {
		return eraseMeet, withoutConflict(err)
	}
	if err := d.o.Jobs.Cancel(ctx, e.Scope); err != nil {
		return 0, err
	}
	e, err = d.eraseAll(ctx, e)
	switch {
	case errors.Is(err, errPause):
		return 0, nil
	case fault.Is(err, fault.Conflict):
		return eraseMeet, nil
	case err != nil:
		return 0, err
	}
	if settled := e.Marked.Add(d.o.Settle); began.Before(settled) {
		return settled.Sub(began) + time.Second, nil
	}
	return -1, d.finish(ctx, e)
}

// withoutMark ends an erasure whose mark is not there. If it was there once, it went when nothing was left, and
// whatever the subject has now came later. Else the erasure was never begun, and is dropped when it is old.
func (d *Eradicator) withoutMark(ctx context.Context, e Erasure) error {
	switch {
	case !e.Marked.IsZero():
		return d.close(ctx, e)
	case d.o.Now().Sub(e.Begun) > eraseOrphan:
		return d.o.Erasures.DeleteErasure(ctx, e)
	}
	return nil
}

// noteMark records when the mark was seen first.
func (d *Eradicator) noteMark(ctx context.Context, e Erasure) (Erasure, error) {
	if !e.Marked.IsZero() {
		return e, nil
	}
	slog.InfoContext(ctx, "erasing", "erasure", e.ID, "subject", string(e.Subject), "tenant", e.Scope.Tenant, "reason", e.Reason)
	e.Marked = d.o.Now().UTC()
	return d.o.Erasures.PutErasure(ctx, e)
}

func (d *Eradicator) hasMark(ctx context.Context, e Erasure) (bool, error) {
	var id string
	var err error
	if e.Subject == OfUser {
		var u User
		u, err = d.o.Users.User(ctx, e.Scope.Tenant, e.Scope.User)
		id = u.Erasure
	} else {
		var o Organization
		o, err = d.o.Organizations.Organization(ctx, e.Scope.Tenant)
		id = o.Erasure
	}
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && id == e.ID, err
}

// eraseAll erases what all stores keep. It returns the erasure as it was counted last.
func (d *Eradicator) eraseAll(ctx context.Context, e Erasure) (Erasure, error) {
	first := true
	take := func(ctx context.Context, place string, records []erasure.Record) error {
		if deadline, ok := ctx.Deadline(); ok && !first && time.Until(deadline) < eraseLeave {
			return errPause
		}
		first = false
		counted, fresh := e.count(place, records)
		if !fresh {
			return nil
		}
		counted, err := d.o.Erasures.PutErasure(ctx, counted)
		if err == nil {
			e = counted
		}
		return err
	}
	for _, eraser := range d.o.Erasers {
		if err := eraser.Erase(ctx, e.Scope, take); err != nil {
			return e, err
		}
	}
	return e, nil
}

// count returns the erasure with the records added that have not been counted yet, and whether there are any.
func (e Erasure) count(place string, records []erasure.Record) (Erasure, bool) {
	counts, through := maps.Clone(e.Counts), maps.Clone(e.Through)
	if counts == nil {
		counts = map[erasure.Kind]int{}
	}
	if through == nil {
		through = map[string]string{}
	}
	changed := false
	for _, record := range records {
		if record.Key > through[place] {
			counts[record.Kind]++
			through[place] = record.Key
			changed = true
		}
	}
	e.Counts, e.Through = counts, through
	return e, changed
}

// finish removes the mark, and then the ids from the receipt. A run that dies in between finds no mark and
// does the rest.
func (d *Eradicator) finish(ctx context.Context, e Erasure) error {
	if e.Subject == OfOrganization {
		if err := d.closeOthers(ctx, e); err != nil {
			return err
		}
	}
	if err := d.removeMark(ctx, e); err != nil {
		return err
	}
	return d.close(ctx, e)
}

// closeOthers closes the erasures of users of an organization that has gone: their marks went with it.
func (d *Eradicator) closeOthers(ctx context.Context, e Erasure) error {
	var failed error
	err := d.o.Erasures.EachErasure(ctx, func(other Erasure) bool {
		if other.Scope.Tenant == e.Scope.Tenant && other.ID != e.ID {
			failed = d.close(ctx, other)
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// close makes the erasure its receipt.
func (d *Eradicator) close(ctx context.Context, e Erasure) error {
	slog.InfoContext(ctx, "erased", "erasure", e.ID, "subject", string(e.Subject), "tenant", e.Scope.Tenant, "counts", e.Counts)
	e.Scope, e.Through, e.Done = erasure.Scope{}, nil, d.o.Now().UTC()
	_, err := d.o.Erasures.PutErasure(ctx, e)
	return withoutConflict(err) // the other run closed it
}

// removeMark deletes the record of the erasure's subject if it still bears the mark.
func (d *Eradicator) removeMark(ctx context.Context, e Erasure) error {
	if e.Subject == OfUser {
		u, err := d.o.Users.User(ctx, e.Scope.Tenant, e.Scope.User)
		if fault.Is(err, fault.NotFound) || err == nil && u.Erasure != e.ID {
			return nil
		}
		if err != nil {
			return err
		}
		return d.o.Users.DeleteUser(ctx, u)
	}
	o, err := d.o.Organizations.Organization(ctx, e.Scope.Tenant)
	if fault.Is(err, fault.NotFound) || err == nil && o.Erasure != e.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return d.o.Organizations.DeleteOrganization(ctx, o)
}
