package org_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

// in enters and signs in, as a request does.
func in(t *testing.T, s *org.Service, who caller.Caller) (org.Visit, error) {
	t.Helper()
	if err := s.Enter(t.Context(), who.Tenant); err != nil {
		return org.Visit{}, err
	}
	return s.SignIn(t.Context(), who)
}

func TestTheFirstVisitRecordsOrganizationUserAndSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	visit, err := in(t, w.service(), who)
	must(t, err)
	user := org.User{Tenant: "t", ID: "u", State: org.Active, Profile: anna, LastSignIn: start, Version: "v1"}
	organization := org.Organization{Tenant: "t", State: org.Active, FirstSeen: start, LastActive: start, Version: "v1"}
	if diff := cmp.Diff(map[string]org.User{"t/u": user}, w.users.all); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]org.Organization{"t": organization}, w.organizations.all); diff != "" {
		t.Errorf("organizations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(org.Visit{User: user, Organization: organization}, visit); diff != "" {
		t.Errorf("the visit (-want +got):\n%s", diff)
	}
	if w.sessions.all["t/u"].State != org.SessionReady {
		t.Errorf("sessions: %v", w.sessions.all)
	}
}

func TestUseCostsFewReadsAndAWriteAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service()
	for range 1000 {
		must(t, s.Enter(t.Context(), "t"))
	}
	if w.organizations.reads != 1 || w.organizations.writes != 1 {
		t.Errorf("1000 requests cost %d reads and %d writes, want 1 of each", w.organizations.reads,
			w.organizations.writes)
	}
	for _, step := range []struct {
		at     time.Duration
		writes int
		last   time.Duration
	}{
		{time.Minute, 1, 0}, {time.Hour - 1, 1, 0}, {time.Hour, 2, time.Hour}, {2*time.Hour - 1, 2, time.Hour},
		{48 * time.Hour, 3, 48 * time.Hour},
	} {
		w.now = start.Add(step.at)
		must(t, w.service().Enter(t.Context(), "t")) // another process, which remembers nothing
		o := w.organizations.all["t"]
		if w.organizations.writes != step.writes || !o.LastActive.Equal(start.Add(step.last)) ||
			!o.FirstSeen.Equal(start) {
			t.Errorf("after %v: %d writes, %+v, want %d and the last use after %v", step.at, w.organizations.writes, o,
				step.writes, step.last)
		}
	}
}

func TestNobodyComesInWhileTheOrganizationIsErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.organizations.set(org.Organization{Tenant: "t", State: org.Erasing, LastActive: start})
	s := w.service()
	for what, err := range map[string]error{
		"Enter":  s.Enter(t.Context(), "t"),
		"SignIn": func() error { _, err := s.SignIn(t.Context(), who); return err }(),
	} {
		wantKind(t, what, err, fault.Busy)
		if wait := fault.From(err).RetryAfter; wait != 5*time.Minute {
			t.Errorf("%s: RetryAfter = %v, want 5 minutes", what, wait)
		}
	}
	if w.renewed+w.profiled != 0 || len(w.users.all) != 0 || w.organizations.writes != 1 {
		t.Errorf("exchanged %d, asked %d, users %v: want nothing done", w.renewed, w.profiled, w.users.all)
	}
}

func TestAReturnEndsTheGraceAndIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	due := start.Add(3 * 24 * time.Hour)
	w.organizations.set(org.Organization{
		Tenant:     "t",
		State:      org.Grace,
		FirstSeen:  start.AddDate(-1, 0, 0),
		LastActive: start.Add(-days90),
		EraseAt:    due,
	})
	visit, err := in(t, w.service(), who)
	must(t, err)
	want := org.Organization{
		Tenant:     "t",
		State:      org.Active,
		FirstSeen:  start.AddDate(-1, 0, 0),
		LastActive: start,
		ReturnedAt: start,
		WasDueAt:   due,
		Version:    "v2",
	}
	if diff := cmp.Diff(want, visit.Organization); diff != "" {
		t.Errorf("the organization (-want +got):\n%s", diff)
	}
}

func TestEnteringThatLosesARaceLooksAgain(t *testing.T) {
	t.Parallel()
	old := org.Organization{
		Tenant:     "t",
		State:      org.Active,
		FirstSeen:  start.AddDate(-1, 0, 0),
		LastActive: start.AddDate(0, -3, 0),
	}
	for _, c := range []struct {
		name  string
		begin []org.Organization
		race  func(*world)
		kind  fault.Kind // of the error; empty for none
		first time.Time  // FirstSeen afterwards
	}{
		{"another first visit won", nil, func(w *world) {
			w.organizations.set(org.Organization{
				Tenant:     "t",
				State:      org.Active,
				FirstSeen:  start.Add(-time.Second),
				LastActive: start.Add(-time.Second),
			})
		}, "", start.Add(-time.Second)},
		{"another visit won", []org.Organization{old}, func(w *world) {
			now := old
			now.LastActive = start
			w.organizations.set(now)
		}, "", old.FirstSeen},
		{"the grace began", []org.Organization{old}, func(w *world) {
			now := old
			now.State, now.EraseAt = org.Grace, start.Add(days14)
			w.organizations.set(now)
		}, "", old.FirstSeen},
		{"the erasure began", []org.Organization{old}, func(w *world) {
			now := old
			now.State = org.Erasing
			w.organizations.set(now)
		}, fault.Busy, old.FirstSeen},
		{"the erasure began and ended", []org.Organization{old}, func(w *world) {
			delete(w.organizations.all, "t")
		}, "", start},
	} {
		w := newWorld(t)
		for _, o := range c.begin {
			w.organizations.set(o)
		}
		w.organizations.before = func(org.Organization) { c.race(w) }
		_, err := in(t, w.service(), who)
		if c.kind == "" && err != nil || c.kind != "" && !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %q", c.name, err, c.kind)
		}
		if got := w.organizations.all["t"]; !got.FirstSeen.Equal(c.first) {
			t.Errorf("%s: the organization is %+v, want first seen at %v", c.name, got, c.first)
		}
		if signedIn := len(w.users.all) == 1; signedIn != (c.kind == "") {
			t.Errorf("%s: user recorded: %v", c.name, signedIn)
		}
	}
}

func TestTheProfileIsReadOnceForEachLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, profile := w.service(), anna
	w.profile = func() (org.Profile, error) { return profile, nil }
	for range 3 {
		visit, err := in(t, s, who)
		must(t, err)
		if visit.User.Profile != profile || visit.User.ID != "u" {
			t.Errorf("the user is %+v", visit.User)
		}
	}
	if w.profiled != 1 || w.users.writes != 1 {
		t.Errorf("%d questions and %d writes, want one of each", w.profiled, w.users.writes)
	}
	profile.Name, w.now = "Anna II", start.Add(time.Minute)
	next := who
	next.Assertion = secret.New("another assertion")
	visit, err := in(t, s, next)
	must(t, err)
	if u := w.users.all["t/u"]; visit.User.Profile.Name != "Anna II" || u.Profile.Name != "Anna II" ||
		!u.LastSignIn.Equal(w.now) {
		t.Errorf("after the next login the user is %+v, stored %+v", visit.User, u)
	}
	delete(w.users.all, "t/u") // erased meanwhile
	_, err = in(t, s, next)
	must(t, err)
	if _, there := w.users.all["t/u"]; !there || w.profiled != 3 {
		t.Errorf("a user without a record was let in from memory: asked %d times", w.profiled)
	}
}

func TestASessionThatIsMissingOrParkedIsRenewedAtTheVisit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service()
	for round, prepare := range []func(){
		func() {},
		func() { w.sessions.set(org.Session{Tenant: "t", User: "u", State: org.SessionParked}) },
		func() { delete(w.sessions.all, "t/u") },
	} {
		prepare()
		for range 2 {
			_, err := in(t, s, who)
			must(t, err)
		}
		if w.renewed != round+1 || w.sessions.all["t/u"].State != org.SessionReady {
			t.Errorf("round %d: renewed %d times, %+v", round, w.renewed, w.sessions.all["t/u"])
		}
	}
}

func TestAFaultOfTheExchangeOrTheDirectoryLeavesNoUser(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.Unauthorized, fault.Consent, fault.SignIn, fault.NotSetUp, fault.Forbidden,
		fault.Busy} {
		refused := fault.New(kind, "No.", nil)
		for what, prepare := range map[string]func(*world){
			"exchange":  func(w *world) { w.renew = func(caller.Caller) error { return refused } },
			"directory": func(w *world) { w.profile = func() (org.Profile, error) { return org.Profile{}, refused } },
		} {
			w := newWorld(t)
			prepare(w)
			_, err := in(t, w.service(), who)
			if fault.From(err) != refused || len(w.users.all) != 0 {
				t.Errorf("%s, %s: %v, users %v, want its own fault and no user", what, kind, err, w.users.all)
			}
		}
	}
}

func TestAFaultOfTheStoreKeepsEntraUnasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.organizations.fail = fault.New(fault.Busy, "Storage is busy.", nil)
	_, err := in(t, w.service(), who)
	wantKind(t, "in", err, fault.Busy)
	if w.renewed+w.profiled != 0 {
		t.Error("Entra or the directory was asked")
	}
}

func TestTwoSignInsOfAUserAtOnceBothSucceed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := in(t, s, who); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(w.users.all) != 1 || len(w.organizations.all) != 1 {
		t.Errorf("users %v, organizations %v", w.users.all, w.organizations.all)
	}
}

func TestASignInThatMeetsTheErasureOfItsUserEndsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.users.before = func(u org.User) {
		w.users.set(org.User{Tenant: u.Tenant, ID: u.ID, State: org.Erasing, Erasure: "e"})
	}
	_, err := in(t, w.service(), who)
	wantKind(t, "SignIn", err, fault.Busy)
	if u := w.users.all["t/u"]; u.State != org.Erasing || u.Profile != (org.Profile{}) {
		t.Errorf("the mark was overwritten: %+v", u)
	}
	_, err = w.service().Token(t.Context(), who, org.TokenRequest{})
	wantKind(t, "Token", err, fault.Busy)
}

func TestATokenIsForASubsetOfTheScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	w.graph = func(scopes []string, claims string) (org.GraphToken, error) {
		asked = append(slices.Clone(scopes), claims)
		return org.GraphToken{Text: secret.New("graph"), Expires: start}, nil
	}
	s := w.service()
	for name, c := range map[string]struct {
		scopes, want []string
		field        string
	}{
		"none":            {nil, []string{"User.Read", "Sites.ReadWrite.All"}, ""},
		"one":             {[]string{"User.Read"}, []string{"User.Read"}, ""},
		"one twice":       {[]string{"User.Read", "User.Read"}, []string{"User.Read"}, ""},
		"all":             {org.Scopes, []string{"User.Read", "Sites.ReadWrite.All"}, ""},
		"with OpenID's":   {[]string{"openid", "Sites.ReadWrite.All"}, []string{"Sites.ReadWrite.All"}, ""},
		"OpenID's alone":  {[]string{"openid", "email"}, nil, "/scopes"},
		"one too many":    {[]string{"User.Read", "Mail.Read"}, nil, "/scopes"},
		"in another case": {[]string{"user.read"}, nil, "/scopes"},
		"everything":      {[]string{".default"}, nil, "/scopes"},
	} {
		asked = nil
		granted, err := s.Token(t.Context(), who, org.TokenRequest{Scopes: c.scopes, Claims: "{}"})
		if c.field != "" {
			if f := fault.From(err); f == nil || f.Kind != fault.Invalid || f.Field != c.field || asked != nil {
				t.Errorf("%s: %v, asked for %q, want Invalid at %s", name, err, asked, c.field)
			}
			continue
		}
		if err != nil || !slices.Equal(asked, append(slices.Clone(c.want), "{}")) ||
			!slices.Equal(granted.Scopes, c.want) || granted.Text.Reveal() != "graph" {
			t.Errorf("%s: %+v, %v, asked for %q, want %q", name, granted, err, asked, c.want)
		}
	}
}

func TestAMissingConsentIsWaitedForOnlyAfterOneWasGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := 0
	w.graph = func([]string, string) (org.GraphToken, error) {
		if calls++; calls < 3 {
			return org.GraphToken{}, fault.New(fault.Consent, "Consent.", nil)
		}
		return org.GraphToken{}, nil
	}
	_, err := w.service().Token(t.Context(), who, org.TokenRequest{})
	wantKind(t, "Token", err, fault.Consent)
	calls = 0
	if _, err := w.service().Token(t.Context(), who, org.TokenRequest{AfterConsent: true}); err != nil || calls != 3 {
		t.Errorf("after a consent: %v after %d calls, want a token after 3", err, calls)
	}
	w.graph = func([]string, string) (org.GraphToken, error) {
		calls++
		return org.GraphToken{}, fault.New(fault.SignIn, "Another step.", nil)
	}
	calls = 0
	_, err = w.service().Token(t.Context(), who, org.TokenRequest{AfterConsent: true})
	wantKind(t, "Token", err, fault.SignIn)
	if calls != 1 {
		t.Errorf("another refusal was repeated %d times", calls-1)
	}
}
