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
	Reason  string // requested, not used since a day, or not known
	Begun   time.Time
	Marked  time.Time // when the mark was in the record of its subject; zero if that is not known
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

// The reasons of erasures beside that of an organization that is not used.
const (
	requested = "requested"
	unknown   = "not known: the record of the erasure was lost"
)

// EraseUser begins the erasure of the caller's own data and returns it. A repeat returns the one that is
// under way.
func (s *Service) EraseUser(ctx context.Context, who caller.Caller) (Erasure, error) {
	defer s.profiles.Remove(s.login(who))
	return s.erase(ctx, Erasure{Scope: erasure.Scope{Tenant: who.Tenant, User: who.User}, Subject: OfUser})
}

// EraseOrganization begins the erasure of all data of the caller's organization and returns it. A repeat
// returns the one that is under way. Forbidden unless the caller is an administrator.
func (s *Service) EraseOrganization(ctx context.Context, who caller.Caller) (Erasure, error) {
	if !who.Admin {
		return Erasure{}, fault.New(fault.Forbidden, "Only an administrator of your organization may erase its data.",
			nil)
	}
	defer s.entered.Remove(who.Tenant)
	return s.erase(ctx, Erasure{Scope: erasure.Scope{Tenant: who.Tenant}, Subject: OfOrganization})
}

// erase begins an erasure, or finds the one that is under way, and asks the function to go on with it: an earlier
// message may have been lost.
func (s *Service) erase(ctx context.Context, e Erasure) (Erasure, error) {
	e.Reason, e.Begun = requested, s.o.Now().UTC()
	bearer, err := s.marks().of(ctx, e.Scope)
	if err != nil {
		return Erasure{}, err
	}
	if e.ID = bearer.mark; e.ID == "" {
		e, err = s.begin(ctx, e)
	} else {
		e, err = revive(ctx, s.o.Erasures, e)
	}
	if err != nil {
		return Erasure{}, err
	}
	return e, sendErasure(ctx, s.o.Queue, e.ID, 0)
}

func (s *Service) marks() marks { return marks{s.o.Organizations, s.o.Users} }

// begin records an erasure and then marks its subject: without a mark, nothing is erased. If another erasure was
// faster, it returns that one.
func (s *Service) begin(ctx context.Context, e Erasure) (Erasure, error) {
	e.ID = s.o.NewID()
	e, err := s.o.Erasures.PutErasure(ctx, e)
	if err != nil {
		return e, err
	}
	mark, err := s.marks().set(ctx, e.Scope, e.ID)
	if err != nil {
		return e, err // Run finds out whether the mark is there
	}
	if mark != e.ID {
		if err := s.o.Erasures.DeleteErasure(ctx, e); err != nil {
			return e, err
		}
		e.ID, e.Version = mark, ""
		return revive(ctx, s.o.Erasures, e)
	}
	e.Marked = s.o.Now().UTC()
	e, err = s.o.Erasures.PutErasure(ctx, e)
	return e, withoutConflict(err) // Run was faster
}

// revive returns the erasure that a mark names, and makes it again if its record is lost, or says that it is
// done: with a mark, it is not.
func revive(ctx context.Context, erasures Erasures, lost Erasure) (Erasure, error) {
	e, err := erasures.Erasure(ctx, lost.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		return erasures.PutErasure(ctx, lost)
	case err == nil && !e.Done.IsZero():
		lost.Version = e.Version
		return erasures.PutErasure(ctx, lost)
	}
	return e, err
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
	Erasers       []Eraser // in their order: sessions first, records before blobs
	Queue         Queue
	Meter         Meter // nil: nothing is measured
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
// anywhere and repeated. Of two runs the later takes the ledger over: the earlier cannot write to it any more, so
// it deletes nothing that it has not counted by then, and of that nothing that is newer than its list.
func (d *Eradicator) Run(ctx context.Context, id string) (again time.Duration, err error) {
	e, err := d.o.Erasures.Erasure(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !e.Done.IsZero() {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	bearer, err := d.marks().of(ctx, e.Scope)
	if err != nil {
		return 0, err
	}
	if bearer.mark != e.ID {
		return d.withoutMark(ctx, e)
	}
	again, err = d.run(ctx, e)
	switch {
	case errors.Is(err, errPause):
		return 0, nil
	case fault.Is(err, fault.Conflict):
		return eraseMeet, nil
	}
	return again, err
}

func (d *Eradicator) marks() marks { return marks{d.o.Organizations, d.o.Users} }

// run is Run for an erasure whose mark is there. Conflict if another run took it over.
func (d *Eradicator) run(ctx context.Context, e Erasure) (again time.Duration, err error) {
	began := d.o.Now().UTC()
	if e.Marked.IsZero() {
		e.Marked = began
	}
	slog.InfoContext(ctx, "erasing", "erasure", e.ID, "subject", string(e.Subject), "tenant", e.Scope.Tenant, "reason",
		e.Reason)
	l := &ledger{Erasure: e, store: d.o.Erasures}
	if err := l.write(ctx); err != nil {
		return 0, err
	}
	settled := l.Marked.Add(d.o.Settle)
	if err := d.o.Jobs.Cancel(ctx, l.Scope, settled); err != nil {
		return 0, err
	}
	last := !began.Before(settled)
	for _, eraser := range d.o.Erasers {
		if err := eraser.Erase(ctx, l.Scope, last, l); err != nil {
			return 0, err
		}
	}
	if !last {
		return settled.Sub(began) + time.Second, nil
	}
	return -1, d.finish(ctx, l)
}

// withoutMark ends an erasure whose mark is not there. If it was there once, it went when nothing was left, or
// with the organization, and whatever the subject has now came later. Else the erasure was never begun, and is
// dropped when it is old.
func (d *Eradicator) withoutMark(ctx context.Context, e Erasure) (again time.Duration, err error) {
	if !e.Marked.IsZero() {
		return -1, withoutConflict(d.close(ctx, e))
	}
	if age := d.o.Now().Sub(e.Begun); age < eraseOrphan {
		return eraseOrphan - age, nil
	}
	return -1, withoutConflict(d.o.Erasures.DeleteErasure(ctx, e))
}

// finish removes the mark, and then the ids from the receipt. The ledger is written before, so that no earlier
// run erases what comes after the mark. A run that dies in between finds no mark and does the rest.
func (d *Eradicator) finish(ctx context.Context, l *ledger) error {
	if err := l.write(ctx); err != nil {
		return err
	}
	if err := d.marks().remove(ctx, l.Scope, l.ID); err != nil {
		return err
	}
	return d.close(ctx, l.Erasure)
}

// close makes the erasure its receipt.
func (d *Eradicator) close(ctx context.Context, e Erasure) error {
	slog.InfoContext(ctx, "erased", "erasure", e.ID, "subject", string(e.Subject), "tenant", e.Scope.Tenant, "counts",
		e.Counts)
	e.Scope, e.Through, e.Done = erasure.Scope{}, nil, d.o.Now().UTC()
	_, err := d.o.Erasures.PutErasure(ctx, e)
	if err == nil && d.o.Meter != nil {
		d.o.Meter.Erased(ctx, string(e.Subject))
	}
	return err
}

// ledger is the erasure of one run, which is written before anything that it counts is deleted.
type ledger struct {
	Erasure
	store Erasures
	taken bool // whether the run has deleted anything
}

var _ erasure.Ledger = (*ledger)(nil)

// write keeps the ledger. Conflict if another run has written to it.
func (l *ledger) write(ctx context.Context) error {
	written, err := l.store.PutErasure(ctx, l.Erasure)
	if err == nil {
		l.Erasure = written
	}
	return err
}

// Take counts the records that have not been counted yet. It writes even if there are none: another run may have
// taken over.
func (l *ledger) Take(ctx context.Context, place string, records []erasure.Record) error {
	if deadline, ok := ctx.Deadline(); ok && l.taken && time.Until(deadline) < eraseLeave {
		return errPause
	}
	l.taken = true
	l.own()
	for _, record := range records {
		if record.Key > l.Through[place] {
			l.Counts[record.Kind]++
			l.Through[place] = record.Key
		}
	}
	return l.write(ctx)
}

// Gone forgets what was counted of a place.
func (l *ledger) Gone(ctx context.Context, place string) error {
	l.own()
	delete(l.Through, place)
	return l.write(ctx)
}

// own makes the maps ones that nobody else has.
func (l *ledger) own() {
	l.Counts, l.Through = maps.Clone(l.Counts), maps.Clone(l.Through)
	if l.Counts == nil {
		l.Counts = map[erasure.Kind]int{}
	}
	if l.Through == nil {
		l.Through = map[string]string{}
	}
}
