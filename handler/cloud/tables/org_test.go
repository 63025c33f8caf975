package tables_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
	put := org.Organization{Tenant: tenant, State: org.Erasing, FirstSeen: noon, LastSignIn: noon, EraseReason: `it's "ü" <&>`}
	put, err := s.PutOrganization(t.Context(), put)
	must(t, err)
	got, err := s.Organization(t.Context(), tenant)
	must(t, err)
	want := put
	want.FirstSeen, want.LastSignIn = stamp, stamp
	if diff := cmp.Diff(want, got); diff != "" || got.Version == "" || got.LastSignIn.Location() != time.UTC {
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
	wantKind(t, "deleting without a version", s.DeleteOrganization(ctx, org.Organization{Tenant: tenant}), fault.Conflict)

	must(t, s.DeleteOrganization(ctx, second))
	must(t, s.DeleteOrganization(ctx, second)) // gone is no fault
	_, err = s.PutOrganization(ctx, second)
	wantKind(t, "writing over a deleted record", err, fault.Conflict)
	_, err = s.Organization(ctx, tenant)
	wantKind(t, "Organization", err, fault.NotFound)
}

func TestInactiveYieldsWhatIsOlderOrBeingErasedUntilToldToStop(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	for tenant, o := range map[string]org.Organization{
		"old":     {State: org.Active, LastSignIn: noon.Add(-time.Millisecond)},
		"at":      {State: org.Active, LastSignIn: noon},
		"new":     {State: org.Active, LastSignIn: noon.Add(time.Hour)},
		"erasing": {State: org.Erasing, LastSignIn: noon.Add(time.Hour)},
	} {
		o.Tenant = tenant
		_, err := s.PutOrganization(ctx, o)
		must(t, err)
	}
	var got []string
	must(t, s.Inactive(ctx, noon, func(o org.Organization) bool {
		stored, err := s.Organization(ctx, o.Tenant)
		must(t, err)
		if diff := cmp.Diff(stored, o); diff != "" {
			t.Errorf("Inactive yields another record than Organization:\n%s", diff)
		}
		got = append(got, o.Tenant)
		return true
	}))
	if want := []string{"erasing", "old"}; !slices.Equal(got, want) {
		t.Errorf("Inactive yields %v, want %v", got, want)
	}
	calls := 0
	must(t, s.Inactive(ctx, noon, func(org.Organization) bool { calls++; return false }))
	if calls != 1 {
		t.Errorf("Inactive went on %d times after it was told to stop", calls-1)
	}
}

func TestUserIsReplacedWhole(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	must(t, s.PutUser(ctx, org.User{Tenant: tenant, ID: "u", Profile: org.Profile{Name: "Old", Locale: "de-DE"}}))
	must(t, s.PutUser(ctx, org.User{Tenant: tenant, ID: "u", LastSignIn: noon, Profile: org.Profile{Name: "O'Neill ü", UPN: "o@x", Mail: "m@x"}}))
	want := map[string]any{
		"PartitionKey": tenant, "RowKey": "u", "Name": "O'Neill ü", "UPN": "o@x", "Mail": "m@x", "Locale": "",
		"LastSignIn": "2026-03-29T21:30:00.123Z",
	}
	ignore := cmpopts.IgnoreMapEntries(func(key string, _ any) bool {
		return key == "odata.etag" || key == "odata.metadata" || key == "Timestamp"
	})
	if diff := cmp.Diff(want, record(t, "ImageProUsers", tenant, "u"), ignore); diff != "" {
		t.Errorf("stored user (-want +got):\n%s", diff)
	}
}

func TestSessionComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	put := org.Session{Tenant: tenant, User: "u", KeyID: "k1", Sealed: bytes.Repeat([]byte{0, 255, '\''}, 8000), SavedAt: noon}
	must(t, s.PutSession(t.Context(), put))
	got, err := s.Session(t.Context(), tenant, "u")
	must(t, err)
	want := put
	want.SavedAt, want.Version = stamp, got.Version
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
	must(t, s.Erase(ctx, tenant))
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
			_, err := s.PutOrganization(t.Context(), org.Organization{Tenant: tenant, EraseReason: fmt.Sprint(i)})
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
