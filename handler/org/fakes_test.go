package org_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

// records keeps versioned records in memory, as the contracts of the stores say. before, if set, runs ahead of
// each write: whatever it does comes first.
type records[T any] struct {
	mu      sync.Mutex
	all     map[string]T
	key     func(T) string
	version func(*T) *string
	writes  int // failed ones included
	reads   int
	before  func(T)
	fail    error // of every write
}

func (r *records[T]) get(key string) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	one, ok := r.all[key]
	if !ok {
		return one, fault.New(fault.NotFound, "It is not there.", nil)
	}
	return one, nil
}

// set stores a record as another process would.
func (r *records[T]) set(one T) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.store(one)
}

func (r *records[T]) store(one T) T {
	r.writes++
	*r.version(&one) = fmt.Sprint("v", r.writes)
	r.all[r.key(one)] = one
	return one
}

func (r *records[T]) put(one T) (T, error) {
	if before := r.before; before != nil {
		r.before = nil
		before(one)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return one, r.fail
	}
	now := r.all[r.key(one)]
	if *r.version(&now) != *r.version(&one) {
		r.writes++
		return one, fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	return r.store(one), nil
}

func (r *records[T]) remove(one T) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, ok := r.all[r.key(one)]
	if ok && *r.version(&now) != *r.version(&one) {
		return fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	delete(r.all, r.key(one))
	return nil
}

func (r *records[T]) each(ctx context.Context, which func(T) bool, yield func(T) bool) error {
	r.mu.Lock()
	listed := slices.SortedFunc(maps.Values(r.all), func(a, b T) int { return cmp.Compare(r.key(a), r.key(b)) })
	r.mu.Unlock()
	for _, one := range listed {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if which(one) && !yield(one) {
			return nil
		}
	}
	return nil
}

func everything[T any](T) bool { return true }

// world is all that package org needs.
type world struct {
	t             *testing.T
	mu            sync.Mutex
	now           time.Time
	organizations *records[org.Organization]
	users         *records[org.User]
	sessions      *records[org.Session]
	erasures      *records[org.Erasure]
	profile       func() (org.Profile, error)
	renew         func(caller.Caller) error
	graph         func(scopes []string, claims string) (org.GraphToken, error)
	renewed       int
	profiled      int
	cancelled     []erasure.Scope
	// cancelledBefore is up to when the jobs were submitted that were cancelled last.
	cancelledBefore time.Time
	open            func(tenant, user string) bool // whether a user has open jobs
	sent            []string
	ids             int
	erasers         []org.Eraser
	settle          time.Duration
	grace           time.Duration
	reseal          func(org.Session) (org.Session, bool)
}

// start is the time at which tests begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	days90 = 90 * 24 * time.Hour
	days14 = 14 * 24 * time.Hour
	days30 = 30 * 24 * time.Hour
)

// anna is what the directory knows in most tests.
var anna = org.Profile{Name: "Anna", UPN: "anna@contoso.example", Mail: "a@contoso.example", Locale: "de-DE"}

var who = caller.Caller{Tenant: "t", User: "u", Assertion: secret.New("assertion")}

func newWorld(t *testing.T) *world {
	w := &world{
		t:      t,
		now:    start,
		grace:  days14,
		settle: 5 * time.Minute,
		organizations: &records[org.Organization]{
			all: map[string]org.Organization{}, key: func(o org.Organization) string { return o.Tenant },
			version: func(o *org.Organization) *string { return &o.Version },
		},
		users: &records[org.User]{
			all: map[string]org.User{}, key: func(u org.User) string { return u.Tenant + "/" + u.ID },
			version: func(u *org.User) *string { return &u.Version },
		},
		sessions: &records[org.Session]{
			all: map[string]org.Session{}, key: func(s org.Session) string { return s.Tenant + "/" + s.User },
			version: func(s *org.Session) *string { return &s.Version },
		},
		erasures: &records[org.Erasure]{
			all: map[string]org.Erasure{}, key: func(e org.Erasure) string { return e.ID },
			version: func(e *org.Erasure) *string { return &e.Version },
		},
		profile: func() (org.Profile, error) { return anna, nil },
		open:    func(string, string) bool { return false },
		reseal:  func(s org.Session) (org.Session, bool) { return s, false },
	}
	w.renew = func(who caller.Caller) error {
		w.sessions.set(org.Session{Tenant: who.Tenant, User: who.User, State: org.SessionReady, SavedAt: w.now})
		return nil
	}
	return w
}

// clock is in a zone of its own.
func (w *world) clock() time.Time { return w.now.In(time.FixedZone("", 7*3600)) }

func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return fmt.Sprint("e", w.ids)
}

// service is one as a new process would have it.
func (w *world) service() *org.Service {
	return org.NewService(org.ServiceOptions{
		Organizations: w,
		Users:         w,
		Sessions:      w,
		Erasures:      w,
		Directory:     w,
		Exchanger:     w,
		Queue:         w,
		Now:           w.clock,
		NewID:         w.newID,
	})
}

func (w *world) eradicator() *org.Eradicator {
	return org.NewEradicator(org.EradicatorOptions{
		Organizations: w,
		Users:         w,
		Erasures:      w,
		Jobs:          w,
		Erasers:       w.erasers,
		Queue:         w,
		Now:           w.clock,
		Settle:        w.settle,
	})
}

func (w *world) sweeper() *org.Sweeper { return org.NewSweeper(w.sweeperOptions()) }

func (w *world) sweeperOptions() org.SweeperOptions {
	return org.SweeperOptions{
		Organizations: w,
		Users:         w,
		Sessions:      w,
		Erasures:      w,
		Jobs:          w,
		Schedules:     w,
		Resealer:      w,
		Eradicator:    w.eradicator(),
		Queue:         w,
		NewID:         w.newID,
		Inactive:      days90,
		Grace:         w.grace,
		Unneeded:      days30,
	}
}

func (w *world) sweep() org.Swept {
	w.t.Helper()
	done, err := w.sweeper().Sweep(w.t.Context(), w.clock())
	must(w.t, err)
	return done
}

func (w *world) Organization(_ context.Context, tenant string) (org.Organization, error) {
	return w.organizations.get(tenant)
}
func (w *world) PutOrganization(_ context.Context, o org.Organization) (org.Organization, error) {
	return w.organizations.put(o)
}
func (w *world) DeleteOrganization(_ context.Context, o org.Organization) error {
	return w.organizations.remove(o)
}
func (w *world) Idle(ctx context.Context, before time.Time, yield func(org.Organization) bool) error {
	return w.organizations.each(ctx, func(o org.Organization) bool {
		return o.LastActive.Before(before) || o.State != org.Active
	}, yield)
}

func (w *world) User(_ context.Context, tenant, id string) (org.User, error) {
	return w.users.get(tenant + "/" + id)
}
func (w *world) PutUser(_ context.Context, u org.User) (org.User, error) { return w.users.put(u) }
func (w *world) Marked(ctx context.Context, yield func(org.User) bool) error {
	return w.users.each(ctx, func(u org.User) bool { return u.State == org.Erasing }, yield)
}
func (w *world) DeleteUser(_ context.Context, u org.User) error { return w.users.remove(u) }

func (w *world) Session(_ context.Context, tenant, user string) (org.Session, error) {
	return w.sessions.get(tenant + "/" + user)
}
func (w *world) PutSession(_ context.Context, s org.Session) error { w.sessions.set(s); return nil }
func (w *world) RenewSession(_ context.Context, s org.Session) error {
	_, err := w.sessions.put(s)
	return err
}
func (w *world) DeleteSession(_ context.Context, s org.Session) error { return w.sessions.remove(s) }
func (w *world) EachSession(ctx context.Context, yield func(org.Session) bool) error {
	return w.sessions.each(ctx, everything, yield)
}

func (w *world) Erasure(_ context.Context, id string) (org.Erasure, error) { return w.erasures.get(id) }
func (w *world) PutErasure(_ context.Context, e org.Erasure) (org.Erasure, error) {
	return w.erasures.put(e)
}
func (w *world) DeleteErasure(_ context.Context, e org.Erasure) error { return w.erasures.remove(e) }
func (w *world) EachErasure(ctx context.Context, yield func(org.Erasure) bool) error {
	return w.erasures.each(ctx, everything, yield)
}

func (w *world) Profile(context.Context, caller.Caller) (org.Profile, error) {
	w.mu.Lock()
	w.profiled++
	w.mu.Unlock()
	return w.profile()
}

func (w *world) Usable(s org.Session) bool { return s.State == org.SessionReady }

func (w *world) Renew(_ context.Context, who caller.Caller) error {
	w.mu.Lock()
	w.renewed++
	w.mu.Unlock()
	return w.renew(who)
}

func (w *world) GraphToken(_ context.Context, _ caller.Caller, scopes []string, claims string) (org.GraphToken, error) {
	return w.graph(scopes, claims)
}

func (w *world) Cancel(_ context.Context, scope erasure.Scope, before time.Time) error {
	w.cancelled = append(w.cancelled, scope)
	w.cancelledBefore = before
	return nil
}

func (w *world) Works(_ context.Context, tenant, user string) (bool, error) {
	return user == "scheduled", nil
}

func (w *world) Open(_ context.Context, tenant, user string) (bool, error) {
	return w.open(tenant, user), nil
}

func (w *world) Reseal(s org.Session) (org.Session, bool) { return w.reseal(s) }

func (w *world) Send(_ context.Context, queue string, message []byte, delay time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, strings.TrimSpace(fmt.Sprint(queue, " ", string(message), " ", delay)))
	return nil
}

// store is an eraser with records of its own: keys by tenant and user, "tenant/user/n". It deletes so many at a
// time, and calls what is set before a page is taken and before it is deleted.
type store struct {
	name             string
	kind             erasure.Kind
	keys             map[string]bool
	page             int
	onTake, onRemove func(page []string) error
	calls            int
}

func newStore(name string, kind erasure.Kind, keys ...string) *store {
	s := &store{name: name, kind: kind, keys: map[string]bool{}, page: 10}
	for _, key := range keys {
		s.keys[key] = true
	}
	return s
}

func (s *store) Erase(ctx context.Context, scope erasure.Scope, _ bool, ledger erasure.Ledger) error {
	s.calls++
	prefix := scope.Tenant + "/"
	if scope.User != "" {
		prefix += scope.User + "/"
	}
	for found := false; ; found = true {
		var page []string
		for _, key := range slices.Sorted(maps.Keys(s.keys)) {
			if strings.HasPrefix(key, prefix) && len(page) < s.page {
				page = append(page, key)
			}
		}
		if len(page) == 0 {
			if found {
				return ledger.Gone(ctx, s.name)
			}
			return nil
		}
		var taken []erasure.Record
		for _, key := range page {
			taken = append(taken, erasure.Record{Kind: s.kind, Key: key})
		}
		if s.onTake != nil {
			if err := s.onTake(page); err != nil {
				return err
			}
		}
		if err := ledger.Take(ctx, s.name, taken); err != nil {
			return err
		}
		for i, key := range page {
			if s.onRemove != nil && i == len(page)/2 {
				if err := s.onRemove(page); err != nil {
					return err
				}
			}
			delete(s.keys, key)
		}
	}
}

// usersEraser erases the records of an organization's users.
func (w *world) usersEraser() org.Eraser {
	return eraserFunc(func(ctx context.Context, scope erasure.Scope, _ bool, ledger erasure.Ledger) error {
		for _, key := range slices.Sorted(maps.Keys(w.users.all)) {
			if scope.User != "" || !strings.HasPrefix(key, scope.Tenant+"/") {
				continue
			}
			if err := ledger.Take(ctx, "users", []erasure.Record{{Kind: erasure.Users, Key: key}}); err != nil {
				return err
			}
			delete(w.users.all, key)
		}
		return nil
	})
}

func keysOf(tenant, user string, n int) []string {
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("%s/%s/%04d", tenant, user, i))
	}
	return keys
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s = %v, want fault.%s", what, err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
