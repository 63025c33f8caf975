package org_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// store keeps records in memory, as the contract of org.Store says. before, if set, runs ahead of each write
// of an organization: whatever it does comes first.
type store struct {
	mu            sync.Mutex
	organizations map[string]org.Organization
	users         map[string]org.User
	writes        int // of organizations, failed ones included
	before        func(org.Organization)
	fail          error // of every write of an organization
}

func newStore(organizations ...org.Organization) *store {
	s := &store{organizations: map[string]org.Organization{}, users: map[string]org.User{}}
	for _, o := range organizations {
		s.set(o)
	}
	return s
}

// set stores an organization as another process would.
func (s *store) set(o org.Organization) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(o)
}

func (s *store) put(o org.Organization) org.Organization {
	s.writes++
	o.Version = fmt.Sprint("v", s.writes)
	s.organizations[o.Tenant] = o
	return o
}

func (s *store) Organization(_ context.Context, tenant string) (org.Organization, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.organizations[tenant]
	if !ok {
		return org.Organization{}, fault.New(fault.NotFound, "It is not there.", nil)
	}
	return o, nil
}

func (s *store) PutOrganization(_ context.Context, o org.Organization) (org.Organization, error) {
	if before := s.before; before != nil {
		s.before = nil
		before(o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return o, s.fail
	}
	if s.organizations[o.Tenant].Version != o.Version {
		return o, fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	return s.put(o), nil
}

func (s *store) PutUser(_ context.Context, u org.User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Tenant+"/"+u.ID] = u
	return nil
}

func (s *store) Inactive(ctx context.Context, before time.Time, yield func(org.Organization) bool) error {
	s.mu.Lock()
	var listed []org.Organization
	for _, o := range s.organizations {
		if o.LastSignIn.Before(before) || o.State == org.Erasing {
			listed = append(listed, o)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(listed, func(a, b org.Organization) int { return strings.Compare(a.Tenant, b.Tenant) })
	for _, o := range listed {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !yield(o) {
			return nil
		}
	}
	return nil
}

func (s *store) DeleteOrganization(_ context.Context, o org.Organization) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ok := s.organizations[o.Tenant]
	if ok && now.Version != o.Version {
		return fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	delete(s.organizations, o.Tenant)
	return nil
}

// directory answers with what the function says.
type directory func() (org.Profile, error)

func (d directory) Profile(context.Context, caller.Caller) (org.Profile, error) { return d() }

// anna is what the directory knows in most tests.
var anna = org.Profile{Name: "Anna", UPN: "anna@contoso.example", Mail: "a@contoso.example", Locale: "de-DE"}

func knowsAnna() (org.Profile, error) { return anna, nil }

// eraser does what the function says.
type eraser func(ctx context.Context, tenant string) error

func (e eraser) Erase(ctx context.Context, tenant string) error { return e(ctx, tenant) }

// start is the time at which tests begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that tests move on.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now.In(time.FixedZone("", 7*3600)) }

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
