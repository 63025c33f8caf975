package blobs_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/dev/azurite"
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
func open(t *testing.T) (*blobs.Store, bulk.Ref) {
	t.Helper()
	return openAt(t, storage), bulk.Ref{Tenant: strings.ToLower(rand.Text()), Job: "j"}
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
	s, ref := open(t)
	ctx := t.Context()
	spec := bulk.Spec{Recipe: json.RawMessage(`{"steps":["it's \"ü\""]}`), Save: bulk.Save{Target: bulk.Copy, Name: "{name}-'ü'"}}
	must(t, s.PutSpec(ctx, ref, spec))
	if got, err := s.Spec(ctx, ref); err != nil || cmp.Diff(spec, got) != "" {
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
		ref.Job = fmt.Sprint("j", i)
		must(t, s.PutSource(ctx, ref, source))
		if got, err := s.Source(ctx, ref); err != nil || cmp.Diff(source, got) != "" {
			t.Errorf("Source %d: %v, differs: %v", i, err, cmp.Diff(source, got) != "")
		}
	}
}

func TestWhatAJobDoesNeverChanges(t *testing.T) {
	t.Parallel()
	s, ref := open(t)
	first := bulk.Spec{Recipe: json.RawMessage(`{"a":1}`), Save: bulk.Save{Target: bulk.NewVersion}}
	must(t, s.PutSpec(t.Context(), ref, first))
	must(t, s.PutSpec(t.Context(), ref, bulk.Spec{Recipe: json.RawMessage(`{"b":2}`)}))
	if got, err := s.Spec(t.Context(), ref); err != nil || cmp.Diff(first, got) != "" {
		t.Errorf("Spec after a second PutSpec: %v\n%s", err, cmp.Diff(first, got))
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s, ref := open(t)
	must(t, s.PutSpec(t.Context(), ref, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	_, err := s.Source(t.Context(), ref)
	wantKind(t, "Source", err, fault.NotFound)
	ref.Job += "x"
	_, err = s.Spec(t.Context(), ref)
	wantKind(t, "Spec of another job", err, fault.NotFound)
}

func TestEmptyAccountReadsAsEmptyAndIsFilledByTheFirstWrite(t *testing.T) {
	t.Parallel()
	server, err := azurite.Start("")
	must(t, err)
	t.Cleanup(server.Stop)
	s, ref := openAt(t, server.ConnectionString), bulk.Ref{Tenant: "t", Job: "j"}
	_, err = s.Spec(t.Context(), ref)
	wantKind(t, "Spec", err, fault.NotFound)
	must(t, s.Erase(t.Context(), "t"))
	results := make(chan error)
	for i := range 4 { // all of them find no container
		go func() {
			results <- s.PutSpec(t.Context(), bulk.Ref{Tenant: "t", Job: fmt.Sprint(i)}, bulk.Spec{Recipe: json.RawMessage(`{}`)})
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
	for _, odd := range []string{"", "a'b", "a/b", "..", `a\b`, "a?b", "a%2fb", "a\x00b", "A", "a_b", "ä", strings.Repeat("a", 65)} {
		for _, ref := range []bulk.Ref{{Tenant: odd, Job: "j"}, {Tenant: "t", Job: odd}} {
			_, err := s.Spec(ctx, ref)
			wantKind(t, fmt.Sprintf("Spec of %q", ref), err, fault.NotFound)
			_, err = s.Source(ctx, ref)
			wantKind(t, fmt.Sprintf("Source of %q", ref), err, fault.NotFound)
			wantKind(t, fmt.Sprintf("PutSpec of %q", ref), s.PutSpec(ctx, ref, bulk.Spec{Recipe: json.RawMessage(`{}`)}), fault.NotFound)
			wantKind(t, fmt.Sprintf("PutSource of %q", ref), s.PutSource(ctx, ref, bulk.Source{}), fault.NotFound)
		}
		wantKind(t, fmt.Sprintf("Erase of %q", odd), s.Erase(ctx, odd), fault.NotFound)
	}
}

func TestEraseLeavesNothingOfTheTenantAndAllOfItsNeighbours(t *testing.T) {
	t.Parallel()
	s, ref := open(t)
	ctx := t.Context()
	neighbours := []string{ref.Tenant + "0", ref.Tenant + "-", ref.Tenant[:len(ref.Tenant)-1]}
	for _, tenant := range append(neighbours, ref.Tenant) {
		for _, job := range []string{"j1", "j2"} {
			other := bulk.Ref{Tenant: tenant, Job: job}
			must(t, s.PutSpec(ctx, other, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
			must(t, s.PutSource(ctx, other, bulk.Source{}))
		}
	}
	must(t, s.Erase(ctx, ref.Tenant))
	must(t, s.Erase(ctx, ref.Tenant)) // a repeat finds nothing
	if left := stored(t, ref.Tenant+"/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	for _, neighbour := range neighbours {
		if kept := stored(t, neighbour+"/"); len(kept) != 4 {
			t.Errorf("the neighbour %s keeps %v, want 4 blobs", neighbour, kept)
		}
	}
}

func TestEraseGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	s, ref := open(t)
	const jobs = 5
	for i := range jobs {
		ref.Job = fmt.Sprint("j", i)
		must(t, s.PutSpec(t.Context(), ref, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	}
	var deletions atomic.Int32
	stopping := openAt(t, through(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete && deletions.Add(1) > 2 {
			w.WriteHeader(http.StatusForbidden)
			return false
		}
		return true
	}))
	wantKind(t, "a stopped Erase", stopping.Erase(t.Context(), ref.Tenant), fault.Misconfigured)
	if half := stored(t, ref.Tenant+"/"); len(half) != jobs-2 {
		t.Errorf("%d of %d blobs are left after two deletions", len(half), jobs)
	}
	must(t, s.Erase(t.Context(), ref.Tenant))
	if left := stored(t, ref.Tenant+"/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestEraseTakesBlobsThatGoMeanwhile(t *testing.T) {
	t.Parallel()
	s, ref := open(t)
	must(t, s.PutSpec(t.Context(), ref, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	must(t, s.PutSource(t.Context(), ref, bulk.Source{}))
	late := openAt(t, through(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			if err := s.Erase(r.Context(), ref.Tenant); err != nil {
				t.Error(err)
			}
		}
		return true
	}))
	must(t, late.Erase(t.Context(), ref.Tenant))
}

func TestStorageThatIsAwayIsBusyAndWrongKeyIsMisconfigured(t *testing.T) {
	t.Parallel()
	wrongKey := regexp.MustCompile(`AccountKey=[^;]+`).ReplaceAllString(storage, "AccountKey=aHVzaA==")
	ref := bulk.Ref{Tenant: "t", Job: "j"}
	var wg sync.WaitGroup // all at once, since each is tried for seconds
	for connection, kind := range map[string]fault.Kind{closedPort(t): fault.Busy, wrongKey: fault.Misconfigured} {
		s := openAt(t, connection)
		for what, call := range map[string]func() error{
			"read":  func() error { _, err := s.Spec(t.Context(), ref); return err },
			"write": func() error { return s.PutSource(t.Context(), ref, bulk.Source{}) },
			"erase": func() error { return s.Erase(t.Context(), "t") },
		} {
			wg.Go(func() {
				err := call()
				wantKind(t, what, err, kind)
				if secret := regexp.MustCompile(`(?i)hush|aHVza|put|get|image-pro|\.json`).FindString(fmt.Sprint(err)); secret != "" {
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
	parts := strings.Split(storage, ";")
	i := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, "BlobEndpoint=") })
	endpoint, err := url.Parse(strings.TrimPrefix(parts[i], "BlobEndpoint="))
	must(t, err)
	target := &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if let(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	parts[i] = "BlobEndpoint=" + server.URL + endpoint.Path
	return strings.Join(parts, ";")
}
