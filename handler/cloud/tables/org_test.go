package tables_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// noon is in a zone of its own; the store keeps milliseconds in UTC.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 123_456_789, time.FixedZone("", -9*3600-1800))

// stamp is noon as it comes back.
var stamp = time.Date(2026, 3, 29, 21, 30, 0, 123_000_000, time.UTC)

func TestOrganizationComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	put := org.Organization{
		Tenant:     tenant,
		State:      org.Erasing,
		FirstSeen:  noon,
		LastActive: noon,
		EraseAt:    noon,
		ReturnedAt: noon,
		WasDueAt:   noon,
		Erasure:    `it's "ü" <&>`,
	}
	put, err := s.PutOrganization(t.Context(), put)
	must(t, err)
	got, err := s.Organization(t.Context(), tenant)
	must(t, err)
	want := put
	want.FirstSeen, want.LastActive, want.EraseAt, want.ReturnedAt, want.WasDueAt = stamp, stamp, stamp, stamp, stamp
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" || got.LastActive.Location() != time.UTC {
		t.Errorf("Organization (-want +got), version %q:\n%s", got.Version, diff)
	}
}

func TestOrganizationIsWrittenOnlyOverTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	first, err := s.PutOrganization(ctx, org.Organization{Tenant: tenant, State: org.Active})
	must(t, err)
	_, err = s.PutOrganization(ctx, org.Organization{Tenant: tenant})
	wantKind(t, "creating it again", err, fault.Conflict)

	second, err := s.PutOrganization(ctx, first)
	must(t, err)
	kept, err := s.PutOrganization(ctx, first)
	wantKind(t, "writing over another version", err, fault.Conflict)
	if kept.Version != first.Version {
		t.Error("a lost write changes the version that the caller holds")
	}
	wantKind(t, "deleting another version", s.DeleteOrganization(ctx, first), fault.Conflict)
	wantKind(t, "deleting without a version", s.DeleteOrganization(ctx, org.Organization{Tenant: tenant}),
		fault.Conflict)

	must(t, s.DeleteOrganization(ctx, second))
	must(t, s.DeleteOrganization(ctx, second)) // gone is no fault
	_, err = s.PutOrganization(ctx, second)
	wantKind(t, "writing over a deleted record", err, fault.Conflict)
	_, err = s.Organization(ctx, tenant)
	wantKind(t, "Organization", err, fault.NotFound)
}

func TestIdleYieldsWhatIsOlderOrNotActiveUntilToldToStop(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	for tenant, o := range map[string]org.Organization{
		"old":     {State: org.Active, LastActive: noon.Add(-time.Millisecond)},
		"at":      {State: org.Active, LastActive: noon},
		"new":     {State: org.Active, LastActive: noon.Add(time.Hour)},
		"erasing": {State: org.Erasing, LastActive: noon.Add(time.Hour)},
		"grace":   {State: org.Grace, LastActive: noon.Add(time.Hour)},
	} {
		o.Tenant = tenant
		_, err := s.PutOrganization(ctx, o)
		must(t, err)
	}
	var got []string
	must(t, s.Idle(ctx, noon, func(o org.Organization) bool {
		stored, err := s.Organization(ctx, o.Tenant)
		must(t, err)
		if diff := cmp.Diff(stored, o); diff != "" {
			t.Errorf("Idle yields another record than Organization:\n%s", diff)
		}
		got = append(got, o.Tenant)
		return true
	}))
	if want := []string{"erasing", "grace", "old"}; !slices.Equal(got, want) {
		t.Errorf("Idle yields %v, want %v", got, want)
	}
	calls := 0
	must(t, s.Idle(ctx, noon, func(org.Organization) bool { calls++; return false }))
	if calls != 1 {
		t.Errorf("Idle went on %d times after it was told to stop", calls-1)
	}
}

func TestUserIsReplacedWholeOverTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	first, err := s.PutUser(ctx, org.User{
		Tenant:  tenant,
		ID:      "u",
		State:   org.Active,
		Profile: org.Profile{Name: "Old", Locale: "de-DE"},
	})
	must(t, err)
	_, err = s.PutUser(ctx, org.User{Tenant: tenant, ID: "u"})
	wantKind(t, "creating it again", err, fault.Conflict)
	next := org.User{
		Tenant:     tenant,
		ID:         "u",
		State:      org.Erasing,
		LastSignIn: noon,
		Profile:    org.Profile{Name: "O'Neill ü", UPN: "o@x", Mail: "m@x"},
		Erasure:    "e",
		Version:    first.Version,
	}
	second, err := s.PutUser(ctx, next)
	must(t, err)
	_, err = s.PutUser(ctx, next)
	wantKind(t, "writing over another version", err, fault.Conflict)
	wantKind(t, "deleting another version", s.DeleteUser(ctx, first), fault.Conflict)
	got, err := s.User(ctx, tenant, "u")
	must(t, err)
	next.LastSignIn, next.Version = stamp, second.Version
	if diff := cmp.Diff(next, got); diff != "" {
		t.Errorf("User (-want +got):\n%s", diff)
	}
	want := map[string]any{
		"PartitionKey": tenant, "RowKey": "u", "Name": "O'Neill ü", "UPN": "o@x", "Mail": "m@x", "Locale": "",
		"State": "erasing", "Erasure": "e",
		"LastSignIn": "2026-03-29T21:30:00.123Z",
	}
	ignore := cmpopts.IgnoreMapEntries(func(key string, _ any) bool {
		return key == "odata.etag" || key == "odata.metadata" || key == "Timestamp"
	})
	if diff := cmp.Diff(want, record(t, "ImageProUsers", tenant, "u"), ignore); diff != "" {
		t.Errorf("stored user (-want +got):\n%s", diff)
	}
	must(t, s.DeleteUser(ctx, second))
	must(t, s.DeleteUser(ctx, second)) // gone is no fault
	_, err = s.PutUser(ctx, second)
	wantKind(t, "writing over a deleted record", err, fault.Conflict)
	_, err = s.User(ctx, tenant, "u")
	wantKind(t, "User", err, fault.NotFound)
}

func TestSessionComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	put := org.Session{
		Tenant:   tenant,
		User:     "u",
		State:    org.SessionParked,
		Reason:   "sign_in",
		KeyID:    "k1",
		Sealed:   bytes.Repeat([]byte{0, 255, '\''}, 8000),
		SavedAt:  noon,
		ParkedAt: noon,
	}
	must(t, s.PutSession(t.Context(), put))
	got, err := s.Session(t.Context(), tenant, "u")
	must(t, err)
	want := put
	want.SavedAt, want.ParkedAt, want.Version = stamp, stamp, got.Version
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" {
		t.Errorf("Session (-want +got), version %q:\n%s", got.Version, diff)
	}
}

func TestErasedSessionIsNotBroughtBackByARenewal(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	never := org.Session{Tenant: tenant, User: "u", Sealed: []byte("x")}
	wantKind(t, "renewing what was never read", s.RenewSession(ctx, never), fault.Conflict)
	must(t, s.PutSession(ctx, never))
	read, err := s.Session(ctx, tenant, "u")
	must(t, err)
	must(t, s.RenewSession(ctx, read))
	wantKind(t, "renewing an old version", s.RenewSession(ctx, read), fault.Conflict)

	read, err = s.Session(ctx, tenant, "u")
	must(t, err)
	must(t, s.Erase(ctx, erasure.Scope{Tenant: tenant}, true, uncounted))
	wantKind(t, "renewing an erased session", s.RenewSession(ctx, read), fault.Conflict)
	if left := stored(t, "ImageProSessions", tenant); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOneOfManySimultaneousFirstWritesWins(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	results := make(chan error)
	for i := range 8 {
		go func() {
			_, err := s.PutOrganization(t.Context(), org.Organization{Tenant: tenant, Erasure: fmt.Sprint(i)})
			results <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-results; err == nil {
			won++
		} else {
			wantKind(t, "the loser's write", err, fault.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d writes won, want 1", won)
	}
}

func TestSessionsAreListedAndDeletedByVersion(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	for _, key := range []string{"t1 u1", "t1 u2", "t2 u1"} {
		tenant, user, _ := strings.Cut(key, " ")
		must(
			t, s.PutSession(ctx, org.Session{
				Tenant:  tenant,
				User:    user,
				State:   org.SessionReady,
				KeyID:   "k",
				Sealed:  []byte("x"),
				SavedAt: noon,
			}))
	}
	var listed []org.Session
	must(t, s.EachSession(ctx, func(session org.Session) bool {
		stored, err := s.Session(ctx, session.Tenant, session.User)
		must(t, err)
		if diff := cmp.Diff(stored, session); diff != "" {
			t.Errorf("EachSession yields another record than Session:\n%s", diff)
		}
		listed = append(listed, session)
		return len(listed) < 2
	}))
	if len(listed) != 2 {
		t.Fatalf("%d sessions listed, want 2 until it was told to stop", len(listed))
	}
	must(t, s.PutSession(ctx, listed[0]))
	wantKind(t, "deleting another version", s.DeleteSession(ctx, listed[0]), fault.Conflict)
	must(t, s.DeleteSession(ctx, listed[1]))
	_, err := s.Session(ctx, listed[1].Tenant, listed[1].User)
	wantKind(t, "Session", err, fault.NotFound)
}

func TestErasureComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	put := org.Erasure{
		ID:      "e",
		Scope:   erasure.Scope{Tenant: "t", User: "u"},
		Subject: org.OfUser,
		Reason:  "requested",
		Begun:   noon,
		Marked:  noon,
		Done:    noon,
		Counts:  map[erasure.Kind]int{erasure.Images: 100_000, erasure.Files: 2},
		Through: map[string]string{"a": `b "'`},
	}
	put, err := s.PutErasure(ctx, put)
	must(t, err)
	want := put
	want.Begun, want.Marked, want.Done = stamp, stamp, stamp
	for name, read := range map[string]func() (org.Erasure, error){
		"Erasure": func() (org.Erasure, error) { return s.Erasure(ctx, "e") },
		"EachErasure": func() (found org.Erasure, err error) {
			err = s.EachErasure(ctx, func(e org.Erasure) bool { found = e; return true })
			return found, err
		},
	} {
		got, err := read()
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	bare, err := s.PutErasure(ctx, org.Erasure{ID: "e", Version: put.Version})
	must(t, err)
	got, err := s.Erasure(ctx, "e")
	must(t, err)
	if diff := cmp.Diff(bare, got); diff != "" {
		t.Errorf("a bare one (-want +got):\n%s", diff)
	}
	_, err = s.PutErasure(ctx, put)
	wantKind(t, "writing over another version", err, fault.Conflict)
	wantKind(t, "deleting another version", s.DeleteErasure(ctx, put), fault.Conflict)
	must(t, s.DeleteErasure(ctx, bare))
	_, err = s.Erasure(ctx, "e")
	wantKind(t, "Erasure", err, fault.NotFound)
}
