package blobs_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

var storage string

func TestMain(m *testing.M) {
	server, err := azurite.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	storage = server.ConnectionString
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// open returns a store on the shared emulator and a job of a tenant of the test's own.
func open(t *testing.T) (*blobs.Store, bulk.Job) {
	t.Helper()
	return openAt(t, storage), job(strings.ToLower(rand.Text()), "j")
}

func openAt(t *testing.T, connection string) *blobs.Store {
	t.Helper()
	store, err := blobs.Open(connection)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// stored returns the names of all blobs that begin with the prefix.
func stored(t *testing.T, prefix string) []string {
	t.Helper()
	client, err := azblob.NewClientFromConnectionString(storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	pager := client.NewListBlobsFlatPager("image-pro", &azblob.ListBlobsFlatOptions{Prefix: &prefix})
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Segment.BlobItems {
			found = append(found, *item.Name)
		}
	}
	return found
}

// job is one of the user u.
func job(tenant, id string) bulk.Job {
	return bulk.Job{Ref: bulk.Ref{Tenant: tenant, Job: id}, User: "u"}
}

// ledger is told what is taken of which place.
type ledger func(place string, records []erasure.Record) error

func (l ledger) Take(_ context.Context, place string, records []erasure.Record) error {
	return l(place, records)
}

func (l ledger) Gone(context.Context, string) error { return nil }

// uncounted takes everything.
var uncounted = ledger(func(string, []erasure.Record) error { return nil })

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s = %v, want fault.%s", what, err, kind)
	}
}

func TestSpecAndSourceComeBackAsTheyWerePut(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	ctx := t.Context()
	spec := bulk.Spec{
		Recipe: json.RawMessage(`{"steps":["it's \"ü\""]}`),
		Save:   bulk.Save{Target: bulk.Copy, Name: "{name}-'ü'", OnConflict: bulk.Skip},
		Called: "ü",
		Pinned: []bulk.Pinned{{Drive: "b!d", Item: "01I", Bytes: 1 << 40, SHA256: "9f2c"}, {Drive: "b!d", Item: "01J"}},
	}
	must(t, s.PutSpec(ctx, j, spec))
	if got, err := s.Spec(ctx, j); err != nil || cmp.Diff(spec, got) != "" {
		t.Errorf("Spec: %v\n%s", err, cmp.Diff(spec, got))
	}
	many := bulk.Source{}
	for i := range 20_000 {
		many.Images = append(many.Images, bulk.ImageRef{Drive: "b!D", Item: fmt.Sprintf("01%030d", i)})
	}
	for i, source := range []bulk.Source{
		{Folder: &bulk.FolderSource{Drive: "b!D", Item: "root", Recursive: true}},
		{Folder: &bulk.FolderSource{Drive: "b!D", Item: "F"}},
		{Images: []bulk.ImageRef{{Drive: "d", Item: "i"}}},
		many,
	} {
		j.Job = fmt.Sprint("j", i)
		must(t, s.PutSource(ctx, j, source))
		if got, err := s.Source(ctx, j); err != nil || cmp.Diff(source, got) != "" {
			t.Errorf("Source %d: %v, differs: %v", i, err, cmp.Diff(source, got) != "")
		}
	}
}

func TestWhatAJobDoesNeverChanges(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	first := bulk.Spec{Recipe: json.RawMessage(`{"a":1}`), Save: bulk.Save{Target: bulk.NewVersion}}
	must(t, s.PutSpec(t.Context(), j, first))
	must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{"b":2}`)}))
	if got, err := s.Spec(t.Context(), j); err != nil || cmp.Diff(first, got) != "" {
		t.Errorf("Spec after a second PutSpec: %v\n%s", err, cmp.Diff(first, got))
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	_, err := s.Source(t.Context(), j)
	wantKind(t, "Source", err, fault.NotFound)
	j.Job += "x"
	_, err = s.Spec(t.Context(), j)
	wantKind(t, "Spec of another job", err, fault.NotFound)
}

func TestEmptyAccountReadsAsEmptyAndIsFilledByTheFirstWrite(t *testing.T) {
	t.Parallel()
	server, err := azurite.Start("")
	must(t, err)
	t.Cleanup(server.Stop)
	s, j := openAt(t, server.ConnectionString), job("t", "j")
	_, err = s.Spec(t.Context(), j)
	wantKind(t, "Spec", err, fault.NotFound)
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: "t"}, true, uncounted))
	results := make(chan error)
	for i := range 4 { // all of them find no container
		go func() {
			results <- s.PutSpec(t.Context(), job("t", fmt.Sprint(i)), bulk.Spec{Recipe: json.RawMessage(`{}`)})
		}()
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Errorf("PutSpec = %v", err)
		}
	}
}

func TestOddNamesReachNoRequest(t *testing.T) {
	t.Parallel()
	s := openAt(t, closedPort(t)) // would be Busy
	ctx := t.Context()
	for _, odd := range []string{"", "a'b", "a/b", "..", `a\b`, "a?b", "a%2fb", "a\x00b", "A", "a_b", "ä",
		strings.Repeat("a", 65)} {
		for _, j := range []bulk.Job{job(odd, "j"), job("t", odd), {Ref: bulk.Ref{Tenant: "t", Job: "j"}, User: odd}} {
			_, err := s.Spec(ctx, j)
			wantKind(t, fmt.Sprintf("Spec of %q", j.Ref), err, fault.NotFound)
			_, err = s.Source(ctx, j)
			wantKind(t, fmt.Sprintf("Source of %q", j.Ref), err, fault.NotFound)
			wantKind(t, fmt.Sprintf("PutSpec of %q", j.Ref),
				s.PutSpec(ctx, j, bulk.Spec{Recipe: json.RawMessage(`{}`)}), fault.NotFound)
			wantKind(t, fmt.Sprintf("PutSource of %q", j.Ref), s.PutSource(ctx, j, bulk.Source{}), fault.NotFound)
			_, err = s.Preview(ctx, j, 0, bulk.Before)
			wantKind(t, fmt.Sprintf("Preview of %q", j.Ref), err, fault.NotFound)
			wantKind(t, fmt.Sprintf("PutPreview of %q", j.Ref), s.PutPreview(ctx, j, 0, bulk.Before, nil),
				fault.NotFound)
			wantKind(t, fmt.Sprintf("DeletePreviews of %q", j.Ref), s.DeletePreviews(ctx, j, 0), fault.NotFound)
		}
		wantKind(t, fmt.Sprintf("Erase of %q", odd), s.Erase(ctx, erasure.Scope{Tenant: odd}, true, uncounted),
			fault.NotFound)
	}
}

func TestEraseLeavesNothingOfTheTenantAndAllOfItsNeighbours(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	ctx := t.Context()
	neighbours := []string{j.Tenant + "0", j.Tenant + "-", j.Tenant[:len(j.Tenant)-1]}
	for _, tenant := range append(neighbours, j.Tenant) {
		for _, id := range []string{"j1", "j2"} {
			other := job(tenant, id)
			must(t, s.PutSpec(ctx, other, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
			must(t, s.PutSource(ctx, other, bulk.Source{}))
		}
	}
	must(t, s.Erase(ctx, erasure.Scope{Tenant: j.Tenant}, true, uncounted))
	must(t, s.Erase(ctx, erasure.Scope{Tenant: j.Tenant}, true, uncounted)) // a repeat finds nothing
	if left := stored(t, j.Tenant+"/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	for _, neighbour := range neighbours {
		if kept := stored(t, neighbour+"/"); len(kept) != 4 {
			t.Errorf("the neighbour %s keeps %v, want 4 blobs", neighbour, kept)
		}
	}
}

func TestEraseOfAUserLeavesTheOthersOfTheTenant(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	for _, user := range []string{"u", "u0", "v"} {
		j.User = user
		must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	}
	counted := 0
	must(
		t, s.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant, User: "u"}, true,
			ledger(func(_ string, records []erasure.Record) error {
				for _, record := range records {
					if record.Kind != erasure.Files {
						t.Errorf("a blob is counted as %s", record.Kind)
					}
					counted++
				}
				return nil
			})))
	if left := stored(t, j.Tenant+"/"); len(left) != 2 || counted != 1 {
		t.Errorf("counted %d, left: %v, want those of u0 and v", counted, left)
	}
	wantKind(t, "Erase of an odd user",
		s.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant, User: "a/b"}, true, uncounted), fault.NotFound)
}

// previews returns those of two images that are kept, as texts.
func previews(t *testing.T, s *blobs.Store, j bulk.Job) []string {
	t.Helper()
	var found []string
	for n := range 2 {
		for _, side := range []bulk.Side{bulk.Before, bulk.After} {
			if content, err := s.Preview(t.Context(), j, n, side); err == nil {
				found = append(found, fmt.Sprint(n, " ", side, ": ", string(content)))
			} else {
				wantKind(t, "Preview", err, fault.NotFound)
			}
		}
	}
	return found
}

func putPreviews(t *testing.T, s *blobs.Store, j bulk.Job, text string) {
	t.Helper()
	for n := range 2 {
		for _, side := range []bulk.Side{bulk.Before, bulk.After} {
			must(t, s.PutPreview(t.Context(), j, n, side, []byte(text)))
		}
	}
}

func TestPreviewsAreReplacedAndGoWithTheirImageOrTheirUser(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	must(t, s.DeletePreviews(t.Context(), j, 0)) // there are none
	putPreviews(t, s, j, "first")
	putPreviews(t, s, j, "second")
	other := j
	other.User = "u0"
	putPreviews(t, s, other, "other")
	if diff := cmp.Diff([]string{"0 before: second", "0 after: second", "1 before: second", "1 after: second"},
		previews(t, s, j)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	must(t, s.DeletePreviews(t.Context(), j, 0))
	if diff := cmp.Diff([]string{"1 before: second", "1 after: second"}, previews(t, s, j)); diff != "" {
		t.Errorf("after those of an image were deleted (-want +got):\n%s", diff)
	}
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant, User: "u"}, true, uncounted))
	if left, others := previews(t, s, j), previews(t, s, other); len(left) != 0 || len(others) != 4 {
		t.Errorf("after the erasure of a user: %v of theirs, %v of another", left, others)
	}
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted))
	if left := previews(t, s, other); len(left) != 0 {
		t.Errorf("after the erasure of the organization: %v", left)
	}
}

func TestOldPreviewsAreDroppedAndNothingElse(t *testing.T) {
	t.Parallel()
	server, err := azurite.Start("") // of its own: all that is old goes
	must(t, err)
	t.Cleanup(server.Stop)
	s, j := openAt(t, server.ConnectionString), job("t", "j")
	must(t, s.DropPreviews(t.Context(), time.Now())) // there is no container yet
	must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	putPreviews(t, s, j, "x")
	must(t, s.DropPreviews(t.Context(), time.Now().Add(-time.Minute)))
	if kept := previews(t, s, j); len(kept) != 4 {
		t.Errorf("of young previews are left: %v", kept)
	}
	must(t, s.DropPreviews(t.Context(), time.Now().Add(time.Minute)))
	if left := previews(t, s, j); len(left) != 0 {
		t.Errorf("of old previews are left: %v", left)
	}
	if _, err := s.Spec(t.Context(), j); err != nil {
		t.Errorf("the spec: %v", err)
	}
}

func TestEraseGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	const jobs, let = 30, 10
	for i := range jobs {
		j.Job = fmt.Sprint("j", i)
		must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	}
	var deletions atomic.Int32
	stopping := openAt(t, through(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete && deletions.Add(1) > let {
			w.WriteHeader(http.StatusForbidden)
			return false
		}
		return true
	}))
	wantKind(t, "a stopped Erase", stopping.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted),
		fault.Misconfigured)
	const atOnce = 8
	if half := len(stored(t, j.Tenant+"/")); half < jobs-let || half >= jobs-(let-atOnce) {
		t.Errorf("%d of %d blobs are left after %d deletions, of which %d at once may have been broken off", half, jobs,
			let, atOnce)
	}
	must(t, s.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted))
	if left := stored(t, j.Tenant+"/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestEraseTakesBlobsThatGoMeanwhile(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	must(t, s.PutSpec(t.Context(), j, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	must(t, s.PutSource(t.Context(), j, bulk.Source{}))
	late := openAt(t, through(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			if err := s.Erase(r.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted); err != nil {
				t.Error(err)
			}
		}
		return true
	}))
	must(t, late.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted))
}

func TestABlobThatIsAnotherThanWasListedIsTakenAnew(t *testing.T) {
	t.Parallel()
	s, j := open(t)
	spec := bulk.Spec{Recipe: json.RawMessage(`{}`)}
	must(t, s.PutSpec(t.Context(), j, spec))
	var once sync.Once
	slow := openAt(t, through(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			once.Do(func() {
				must(t, s.Erase(r.Context(), erasure.Scope{Tenant: j.Tenant}, true, uncounted))
				must(t, s.PutSpec(r.Context(), j, spec))
			})
		}
		return true
	}))
	enough := errors.New("enough")
	takes := 0
	stop := ledger(func(string, []erasure.Record) error {
		if takes++; takes > 1 { // somebody else has taken over by now
			return enough
		}
		return nil
	})
	if err := slow.Erase(t.Context(), erasure.Scope{Tenant: j.Tenant}, true, stop); !errors.Is(err, enough) {
		t.Fatalf("Erase = %v, want that the blob is taken once more", err)
	}
	if left := stored(t, j.Tenant+"/"); len(left) != 1 {
		t.Errorf("left: %v, want what came later", left)
	}
}

func TestStorageThatIsAwayIsBusyAndWrongKeyIsMisconfigured(t *testing.T) {
	t.Parallel()
	wrongKey := regexp.MustCompile(`AccountKey=[^;]+`).ReplaceAllString(storage, "AccountKey=aHVzaA==")
	j := job("t", "j")
	var wg sync.WaitGroup // all at once, since each is tried for seconds
	for connection, kind := range map[string]fault.Kind{closedPort(t): fault.Busy, wrongKey: fault.Misconfigured} {
		s := openAt(t, connection)
		for what, call := range map[string]func() error{
			"read":  func() error { _, err := s.Spec(t.Context(), j); return err },
			"write": func() error { return s.PutSource(t.Context(), j, bulk.Source{}) },
			"erase": func() error { return s.Erase(t.Context(), erasure.Scope{Tenant: "t"}, true, uncounted) },
		} {
			wg.Go(func() {
				err := call()
				wantKind(t, what, err, kind)
				if secret := regexp.MustCompile(`(?i)hush|aHVza|put|get|image-pro|\.json`).FindString(
					fmt.Sprint(err)); secret != "" {
					t.Errorf("%s: the error holds %q: %v", what, secret, err)
				}
			})
		}
	}
	wg.Wait()
}

// closedPort returns a connection string to a port that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	return "AccountName=hush;AccountKey=aHVzaA==;BlobEndpoint=http://" + address + "/hush"
}

// through returns a connection string to the emulator behind a proxy; let answers what it does not let
// through.
func through(t *testing.T, let func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	behind, stop, err := azurite.Behind(storage, "Blob", func(
		emulator http.Handler, w http.ResponseWriter, r *http.Request,
	) {
		if let(w, r) {
			emulator.ServeHTTP(w, r)
		}
	})
	must(t, err)
	t.Cleanup(stop)
	return behind
}
