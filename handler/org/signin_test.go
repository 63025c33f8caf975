package org_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var who = caller.Caller{Tenant: "t", User: "u"}

func TestFirstSignInRecordsOrganizationAndUser(t *testing.T) {
	t.Parallel()
	s, time := newStore(), clock{start}
	user, err := org.NewService(s, directory(knowsAnna), time.read).SignIn(t.Context(), who)
	must(t, err)
	want := org.User{Tenant: "t", ID: "u", Profile: anna, LastSignIn: start}
	if diff := cmp.Diff(map[string]org.User{"t/u": want}, s.users); diff != "" || user != want {
		t.Errorf("users (-want +got), returned %+v:\n%s", user, diff)
	}
	organization := org.Organization{Tenant: "t", State: org.Active, FirstSeen: start, LastSignIn: start, Version: "v1"}
	if diff := cmp.Diff(map[string]org.Organization{"t": organization}, s.organizations); diff != "" {
		t.Errorf("organizations (-want +got):\n%s", diff)
	}
}

func TestLaterSignInsTouchTheOrganizationHourlyAndTheProfileAlways(t *testing.T) {
	t.Parallel()
	s, now := newStore(), &clock{start}
	profile := anna
	service := org.NewService(s, directory(func() (org.Profile, error) { return profile, nil }), now.read)
	for _, step := range []struct {
		at     time.Duration
		writes int
		last   time.Duration
	}{
		{0, 1, 0},
		{time.Minute, 1, 0},
		{time.Hour - 1, 1, 0},
		{time.Hour, 2, time.Hour},
		{2*time.Hour - 1, 2, time.Hour},
		{48 * time.Hour, 3, 48 * time.Hour},
	} {
		now.now = start.Add(step.at)
		profile.Name = step.at.String()
		_, err := service.SignIn(t.Context(), who)
		must(t, err)
		o := s.organizations["t"]
		if s.writes != step.writes || !o.LastSignIn.Equal(start.Add(step.last)) || !o.FirstSeen.Equal(start) {
			t.Errorf("after %v: %d writes, %+v, want %d and a last sign-in after %v", step.at, s.writes, o, step.writes, step.last)
		}
		if u := s.users["t/u"]; u.Profile.Name != profile.Name || !u.LastSignIn.Equal(now.now) {
			t.Errorf("after %v: the user is %+v", step.at, u)
		}
	}
}

func TestSignInWaitsWhileTheOrganizationIsErased(t *testing.T) {
	t.Parallel()
	s := newStore(org.Organization{Tenant: "t", State: org.Erasing, LastSignIn: start})
	asked := false
	service := org.NewService(s, directory(func() (org.Profile, error) { asked = true; return anna, nil }), (&clock{start}).read)
	_, err := service.SignIn(t.Context(), who)
	wantKind(t, "SignIn", err, fault.Busy)
	if wait := fault.From(err).RetryAfter; wait != 5*time.Minute {
		t.Errorf("RetryAfter = %v, want 5 minutes", wait)
	}
	if asked || len(s.users) != 0 || s.writes != 1 {
		t.Errorf("directory asked: %v, users %v, %d writes: want nothing done", asked, s.users, s.writes-1)
	}
}

func TestSignInThatLosesARaceLooksAgain(t *testing.T) {
	t.Parallel()
	old := org.Organization{Tenant: "t", State: org.Active, FirstSeen: start.AddDate(-1, 0, 0), LastSignIn: start.AddDate(0, -3, 0)}
	cases := []struct {
		name  string
		begin []org.Organization
		race  func(*store)
		kind  fault.Kind // of SignIn's error; empty for none
		first time.Time  // FirstSeen afterwards
	}{
		{"another first sign-in won", nil, func(s *store) {
			s.set(org.Organization{Tenant: "t", State: org.Active, FirstSeen: start.Add(-time.Second), LastSignIn: start.Add(-time.Second)})
		}, "", start.Add(-time.Second)},
		{"another sign-in won", []org.Organization{old}, func(s *store) {
			now := old
			now.LastSignIn = start
			s.set(now)
		}, "", old.FirstSeen},
		{"the sweeper began", []org.Organization{old}, func(s *store) {
			now := old
			now.State = org.Erasing
			s.set(now)
		}, fault.Busy, old.FirstSeen},
		{"the sweeper began and ended", []org.Organization{old}, func(s *store) { delete(s.organizations, "t") }, "", start},
	}
	for _, c := range cases {
		s := newStore(c.begin...)
		s.before = func(org.Organization) { c.race(s) }
		_, err := org.NewService(s, directory(knowsAnna), (&clock{start}).read).SignIn(t.Context(), who)
		if c.kind == "" && err != nil || c.kind != "" && !fault.Is(err, c.kind) {
			t.Errorf("%s: SignIn = %v, want %q", c.name, err, c.kind)
		}
		if got := s.organizations["t"]; !got.FirstSeen.Equal(c.first) {
			t.Errorf("%s: the organization is %+v, want first seen at %v", c.name, got, c.first)
		}
		if signedIn := len(s.users) == 1; signedIn != (c.kind == "") {
			t.Errorf("%s: user recorded: %v", c.name, signedIn)
		}
	}
}

func TestOrganizationIsKnownBeforeTheDirectoryIsAsked(t *testing.T) {
	t.Parallel()
	s := newStore()
	known := false
	service := org.NewService(s, directory(func() (org.Profile, error) {
		known = s.organizations["t"].LastSignIn.Equal(start)
		return anna, nil
	}), (&clock{start}).read)
	_, err := service.SignIn(t.Context(), who)
	must(t, err)
	if !known {
		t.Error("the exchange could leave a session of an organization that the sweeper does not know")
	}
}

func TestFaultOfTheDirectoryLeavesNoUser(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.Unauthorized, fault.Consent, fault.SignIn, fault.Forbidden, fault.Busy} {
		s := newStore()
		refused := fault.New(kind, "No.", nil)
		service := org.NewService(s, directory(func() (org.Profile, error) { return org.Profile{}, refused }), (&clock{start}).read)
		_, err := service.SignIn(t.Context(), who)
		if fault.From(err) != refused || len(s.users) != 0 {
			t.Errorf("%s: SignIn = %v, users %v, want the directory's own fault and no user", kind, err, s.users)
		}
	}
}

func TestFaultOfTheStoreKeepsTheDirectoryUnasked(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.fail = fault.New(fault.Busy, "Storage is busy.", nil)
	service := org.NewService(s, directory(func() (org.Profile, error) { t.Error("the directory was asked"); return anna, nil }), (&clock{start}).read)
	_, err := service.SignIn(t.Context(), who)
	wantKind(t, "SignIn", err, fault.Busy)
}
