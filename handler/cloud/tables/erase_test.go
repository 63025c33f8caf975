package tables_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/org"
	"imagepro/handler/tab"
)

var tenantTables = []string{"ImageProSessions", "ImageProUsers", "ImageProBulkEdits", "ImageProBulkIndex",
	"ImageProBulkOpen", "ImageProSchedules", "ImageProPeers", "ImageProTabs", "ImageProPresets", "ImageProImages"}

// fill gives a tenant users, sessions, tabs, presets and two jobs, of which one has more records than fit a
// transaction.
func fill(t *testing.T, s *tables.Store, tenant string) {
	t.Helper()
	for i := range 3 {
		_, err := s.PutUser(t.Context(), org.User{Tenant: tenant, ID: fmt.Sprint(i)})
		must(t, err)
		must(t, s.PutSession(t.Context(), org.Session{Tenant: tenant, User: fmt.Sprint(i)}))
		_, err = s.CreateTab(t.Context(), tab.Tab{Tenant: tenant, ID: fmt.Sprint(i)})
		must(t, err)
		_, err = s.CreatePreset(t.Context(), tab.Preset{Tenant: tenant, ID: fmt.Sprint(i), Name: fmt.Sprint(i)})
		must(t, err)
		_, err = s.PutProperties(t.Context(),
			library.Properties{Tenant: tenant, Ref: library.Ref{Drive: "d", Item: fmt.Sprint(i)}})
		must(t, err)
		_, err = s.CreateSchedule(t.Context(), scheduleFor(tenant, fmt.Sprint(i), "s"))
		must(t, err)
	}
	_, _, err := s.Here(t.Context(), tenant, noon, noon)
	must(t, err)
	addJob(t, s, bulk.Ref{Tenant: tenant, Job: "large"}, 230)
	addJob(t, s, bulk.Ref{Tenant: tenant, Job: "small"}, 1)
}

// ledger is told what is taken of which place.
type ledger func(place string, records []erasure.Record) error

func (l ledger) Take(_ context.Context, place string, records []erasure.Record) error {
	return l(place, records)
}

func (l ledger) Gone(context.Context, string) error { return nil }

// uncounted takes everything.
var uncounted = ledger(func(string, []erasure.Record) error { return nil })

// left is what a tenant, or one whose id begins the same, still has.
func left(t *testing.T, prefix string) []string {
	t.Helper()
	var all []string
	for _, table := range tenantTables {
		all = append(all, stored(t, table, prefix)...)
	}
	return all
}

func TestEraseLeavesNothingOfTheTenantAndAllOfItsNeighbours(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	fill(t, s, tenant)
	neighbours := []string{tenant + "0", tenant + "-", tenant + "z", tenant[:len(tenant)-1]}
	for _, neighbour := range neighbours {
		_, err := s.PutUser(t.Context(), org.User{Tenant: neighbour, ID: "u"})
		must(t, err)
		must(t, s.PutSession(t.Context(), org.Session{Tenant: neighbour, User: "u"}))
		must(t, s.CreateJob(t.Context(), bulk.Job{Ref: bulk.Ref{Tenant: neighbour, Job: "j"}, User: "u"}))
	}
	organization, err := s.PutOrganization(t.Context(), org.Organization{Tenant: tenant})
	must(t, err)

	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted))
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted)) // a repeat finds nothing
	counts := map[string]int{}
	for _, key := range left(t, tenant[:len(tenant)-1]) {
		owner, _, _ := strings.Cut(key[:strings.Index(key, "/")], "_")
		counts[owner]++
	}
	if counts[tenant] != 0 {
		t.Errorf("%d records of the tenant are left", counts[tenant])
	}
	for _, neighbour := range neighbours {
		if want := 2 + 1 + 1 + 1 + bulk.Shares; counts[neighbour] != want {
			t.Errorf("the neighbour %s has %d records, want %d", neighbour, counts[neighbour], want)
		}
	}
	if now, err := s.Organization(t.Context(), tenant); err != nil || now != organization {
		t.Errorf("the organization's own record = %+v, %v, want it untouched", now, err)
	}
}

func TestEraseOfAUserLeavesTheOthersOfTheTenant(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for _, user := range []string{"u", "u-", "u0", "v"} {
		_, err := s.PutUser(ctx, org.User{Tenant: tenant, ID: user})
		must(t, err)
		must(t, s.PutSession(ctx, org.Session{Tenant: tenant, User: user}))
		for _, job := range []string{"1", "2"} {
			must(t, s.CreateJob(ctx, bulk.Job{Ref: bulk.Ref{Tenant: tenant, Job: user + job}, User: user}))
		}
	}
	counts := map[erasure.Kind]int{}
	last := map[string]string{}
	must(
		t, s.Erase(ctx, erasure.Scope{Tenant: tenant, User: "u"}, true,
			ledger(func(place string, records []erasure.Record) error {
				for _, record := range records {
					if record.Key <= last[place] {
						t.Errorf("%s: %q comes after %q", place, record.Key, last[place])
					}
					last[place] = record.Key
					counts[record.Kind]++
				}
				return nil
			})))
	want := map[erasure.Kind]int{erasure.Sessions: 1, erasure.BulkEdits: 2, erasure.Bookkeeping: 2*bulk.Shares + 4}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	if rest := left(t, tenant); len(rest) != 1+3*(1+1+2*(1+1+1+bulk.Shares)) { // the user's own record is the mark
		t.Errorf("%d records are left: %v", len(rest), rest)
	}
}

func TestEraseStopsWithTake(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	fill(t, s, tenant)
	before := len(left(t, tenant))
	stop := errors.New("stop")
	taken := 0
	err := s.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true,
		ledger(func(_ string, records []erasure.Record) error {
			if taken > 0 {
				return stop
			}
			taken = len(records)
			return nil
		}))
	if rest := len(left(t, tenant)); !errors.Is(err, stop) || taken == 0 || rest != before-taken {
		t.Errorf("Erase = %v, %d of %d records are left after %d were taken", err, rest, before, taken)
	}
}

func TestEraseGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	fill(t, s, tenant)
	before := len(left(t, tenant))
	var transactions atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stopping := openAt(t, through(t, func(r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/$batch") && transactions.Add(1) == 3 {
			cancel()
			return false
		}
		return true
	}))
	if err := stopping.Erase(ctx, erasure.Scope{Tenant: tenant}, true, uncounted); err == nil {
		t.Fatal("Erase was stopped and reports no error")
	}
	if half := len(left(t, tenant)); half == 0 || half >= before {
		t.Errorf("%d of %d records are left after half an erasure", half, before)
	}
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted))
	if rest := left(t, tenant); len(rest) != 0 {
		t.Errorf("left: %v", rest)
	}
}

func TestEraseTakesRecordsThatGoMeanwhile(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	fill(t, s, tenant)
	var once sync.Once
	slow := openAt(t, through(t, func(r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/$batch") {
			once.Do(func() { // before the first deletion arrives, another erasure takes all but one of its records
				err := errors.Join(s.Erase(r.Context(), erasure.Scope{Tenant: tenant}, true, uncounted),
					s.PutSession(r.Context(), org.Session{Tenant: tenant, User: "1"}))
				if err != nil {
					t.Error(err)
				}
			})
		}
		return true
	}))
	must(t, slow.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted))
	if rest := left(t, tenant); len(rest) != 0 {
		t.Errorf("left: %v", rest)
	}
}

func TestARecordThatChangedAfterItWasListedIsTakenAnew(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	scope := erasure.Scope{Tenant: tenant}
	for _, user := range []string{"1", "2", "3"} {
		must(t, s.PutSession(t.Context(), org.Session{Tenant: tenant, User: user}))
	}
	var once sync.Once
	slow := openAt(t, through(t, func(r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/$batch") {
			once.Do(func() { must(t, s.PutSession(r.Context(), org.Session{Tenant: tenant, User: "2"})) })
		}
		return true
	}))
	enough := errors.New("enough")
	takes := 0
	stop := ledger(func(place string, records []erasure.Record) error {
		if takes++; takes > 1 { // somebody else has taken over by now
			return enough
		}
		return nil
	})
	if err := slow.Erase(t.Context(), scope, true, stop); !errors.Is(err, enough) {
		t.Fatalf("Erase = %v, want that the record is taken once more", err)
	}
	if rest := stored(t, "ImageProSessions", tenant); len(rest) != 1 || !strings.Contains(rest[0], "2") {
		t.Errorf("left: %v, want the session that came later", rest)
	}
	must(t, slow.Erase(t.Context(), scope, true, uncounted))
	if rest := stored(t, "ImageProSessions", tenant); len(rest) != 0 {
		t.Errorf("left: %v", rest)
	}
}

func TestTwoErasuresAtOnceLeaveNothing(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	fill(t, s, tenant)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := s.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if rest := left(t, tenant); len(rest) != 0 {
		t.Errorf("left: %v", rest)
	}
}

func TestTransactionThatFailsAtTheServerIsBusy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		const answer = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: " +
			"application/http\r\n\r\n" +
			"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\r\n" +
			`{"odata.error":{"code":"ServerBusy","message":{"lang":"en-us","value":"1:The server is busy."}}}` +
			"\r\n--c--\r\n--b--\r\n"
		w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	s := openAt(t, "AccountName=a;AccountKey=a2V5;TableEndpoint="+server.URL+"/a")
	_, err := s.CreatePreset(t.Context(), tab.Preset{Tenant: "t", ID: "p"})
	wantKind(t, "CreatePreset", err, fault.Busy)
}

// through returns a connection string to the emulator behind a proxy that drops what let refuses.
func through(t *testing.T, let func(*http.Request) bool) string {
	t.Helper()
	return proxied(t, func(proxy http.Handler, w http.ResponseWriter, r *http.Request) {
		if !let(r) {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	})
}

// losingAnswers returns a connection string to the emulator behind a proxy that breaks the connection after the
// work was done where lose says so.
func losingAnswers(t *testing.T, lose func(*http.Request) bool) string {
	t.Helper()
	return proxied(t, func(proxy http.Handler, w http.ResponseWriter, r *http.Request) {
		if lose(r) {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	})
}

func proxied(t *testing.T, serve func(proxy http.Handler, w http.ResponseWriter, r *http.Request)) string {
	t.Helper()
	behind, stop, err := azurite.Behind(storage, "Table", serve)
	must(t, err)
	t.Cleanup(stop)
	return behind
}
