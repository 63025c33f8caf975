package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/secret"
)

const downloads = `/download\.aspx`

func TestContentComesAsItIsWithItsFingerprint(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, n := range []int{0, 1, 19, 20, 159, 160, 161, 4096, 1 << 20} {
		content := random(n)
		f := w.put(fmt.Sprintf("geheim %d.jpg", n), content)
		if got := w.client.Fingerprint(content); got != f.Fingerprint {
			t.Errorf("%d bytes: our fingerprint is %s, the library's %s", n, got, f.Fingerprint)
		}
		got, err := w.client.Read(t.Context(), w.who, f, int64(n))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
}

func TestPassingTroubleOnTheWayOfContentIsBorne(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]trouble.Rule{
		"address expired":      {Service: "sharepoint", Action: trouble.Fail, Status: 401},
		"address forbidden":    {Service: "sharepoint", Action: trouble.Fail, Status: 403},
		"address forgotten":    {Service: "sharepoint", Action: trouble.Fail, Status: 404},
		"twice expired":        {Service: "sharepoint", Action: trouble.Fail, Status: 401, Times: 2},
		"broken in the middle": {Service: "sharepoint", Action: trouble.Truncate, Bytes: 12_345},
		"broken at the end":    {Service: "sharepoint", Action: trouble.Truncate, Bytes: 99_999},
		"twice broken":         {Service: "sharepoint", Action: trouble.Truncate, Bytes: 1, Times: 2},
		"connection broken":    {Service: "sharepoint", Action: trouble.Break},
		"throttled":            {Service: "sharepoint", Action: trouble.Fail, Status: 429},
		"Graph throttled":      {Service: "graph", Path: "/content", Action: trouble.Fail, Status: 429},
		"Graph broken":         {Service: "graph", Path: "/content", Action: trouble.Break},
		"Graph lost":           {Service: "graph", Path: "/content", Action: trouble.Lose},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			content := random(100_000)
			f := w.put("geheim.jpg", content)
			w.trouble(rule)
			got, err := w.client.Read(t.Context(), w.who, f, 1<<20)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			struck := 0
			for _, call := range w.calls(rule.Service, "", "") {
				if call.Trouble != "" {
					struck++
				}
			}
			if struck != max(1, rule.Times) {
				t.Errorf("the trouble struck %d times", struck)
			}
		})
	}
}

func TestLastingTroubleOnTheWayOfContentIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule     trouble.Rule
		kind     fault.Kind
		sentence string
		wait     time.Duration
		fetches  int
	}{
		"always broken": {trouble.Rule{Service: "sharepoint", Action: trouble.Truncate, Bytes: 1}, fault.Busy,
			cannotRead, 0, 3},
		"always expired": {trouble.Rule{Service: "sharepoint", Action: trouble.Fail, Status: 401}, fault.SignIn,
			notSigned, 0, 3},
		"downloads forbidden": {trouble.Rule{Service: "sharepoint", Action: trouble.Fail, Status: 403},
			fault.Forbidden, mayNot, 0, 3},
		"throttled for long": {trouble.Rule{
			Service:    "sharepoint",
			Action:     trouble.Fail,
			Status:     429,
			RetryAfter: 5 * time.Minute,
		}, fault.Busy, isBusy, 5 * time.Minute, 1},
		"Graph throttled": {trouble.Rule{
			Service:    "graph",
			Path:       "/content",
			Action:     trouble.Fail,
			Status:     503,
			RetryAfter: time.Hour,
		}, fault.Busy, isBusy, time.Hour, 0},
		"found to be infected": {trouble.Rule{
			Service: "sharepoint",
			Action:  trouble.Fail,
			Status:  403,
			Header:  http.Header{"X-Virus-Infected": {"EICAR"}},
		}, fault.Forbidden, "SharePoint holds this file back because it may contain malware.", 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			f := w.put("geheim.jpg", random(1000))
			c.rule.Times = -1
			w.trouble(c.rule)
			_, err := w.client.Read(t.Context(), w.who, f, 1<<20)
			if got := wantFault(t, err, c.kind, c.sentence); got.RetryAfter != c.wait {
				t.Errorf("try again after %v, want %v", got.RetryAfter, c.wait)
			}
			if got := len(w.calls("sharepoint", http.MethodGet, downloads)); got != c.fetches {
				t.Errorf("fetched %d times, want %d", got, c.fetches)
			}
		})
	}
}

func TestAnInfectedFileIsHeldBack(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", random(1000))
	if _, err := w.Graph.MarkMalware(f.Drive, f.Item, "EICAR"); err != nil {
		t.Fatal(err)
	}
	_, err := w.client.Read(t.Context(), w.who, f, 1<<20)
	wantFault(t, err, fault.Forbidden, "SharePoint holds this file back because it may contain malware.")
	if got := len(w.calls("sharepoint", http.MethodGet, downloads)); got != 1 {
		t.Errorf("fetched %d times", got)
	}
}

func TestTheAddressThatComesWithAFileSparesARequest(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := random(50_000)
	f := w.put("folder/geheim.jpg", content)
	known, err := w.client.File(t.Context(), w.who, f.Drive, f.Item)
	if err != nil {
		t.Fatal(err)
	}
	calls := func(f bulk.File) (graph, sharePoint int) {
		t.Helper()
		graph, sharePoint = len(w.calls("graph", "", "")), len(w.calls("sharepoint", "", ""))
		got, err := w.client.Read(t.Context(), w.who, f, 1<<20)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		return len(w.calls("graph", "", "")) - graph, len(w.calls("sharepoint", "", "")) - sharePoint
	}
	if graph, sharePoint := calls(known); graph != 0 || sharePoint != 1 {
		t.Errorf("with the address %d requests to Graph and %d to SharePoint, want none and one", graph, sharePoint)
	}
	expired := known
	expired.Source = secret.New(strings.Replace(known.Source.Reveal(), "tempauth=v1.", "tempauth=v1.x", 1))
	if graph, sharePoint := calls(expired); graph != 1 || sharePoint != 2 {
		t.Errorf("with a dead address %d and %d requests, want one and two", graph, sharePoint)
	}
	elsewhere := known
	elsewhere.Source = secret.New("https://evil.example/x?tempauth=y")
	if graph, sharePoint := calls(elsewhere); graph != 1 || sharePoint != 1 {
		t.Errorf("with an address that is not SharePoint's %d and %d requests, want one of each", graph, sharePoint)
	}
}

func TestAnAddressThatHasExpiredIsAskedForAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := unkind(t, sandbox.Options{Kind: true, Now: func() time.Time { return now }})
	f := w.put("geheim.jpg", []byte("content"))
	first := true
	client := w.connect(roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.String(), w.SharePointURL) && first {
			first = false
			now = now.Add(2 * time.Hour) // the address lives for an hour, the Graph token for a day
			defer func() { now = now.Add(-2 * time.Hour) }()
		}
		return guard{w.stage, t, w.Client().Transport}.RoundTrip(r)
	}))
	got, err := client.Read(t.Context(), w.who, f, 100)
	if err != nil || string(got) != "content" {
		t.Errorf("got %q, %v", got, err)
	}
	var statuses []int
	for _, call := range w.calls("sharepoint", http.MethodGet, downloads) {
		statuses = append(statuses, call.Status)
	}
	if fmt.Sprint(statuses) != "[401 200]" {
		t.Errorf("SharePoint answered %v", statuses)
	}
}

func TestContentThatChangedMeanwhileIsBusy(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.put("geheim.jpg", []byte("before"))
	w.put("geheim.jpg", []byte("after!"))
	_, err := w.client.Read(t.Context(), w.who, f, 100)
	wantFault(t, err, fault.Busy, "The file changed while it was read.")
	f.Fingerprint = "" // not worked out yet
	if got, err := w.client.Read(t.Context(), w.who, f, 100); err != nil || string(got) != "after!" {
		t.Errorf("got %q, %v", got, err)
	}
}

// endless is a body without an end that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error { return nil }

func TestContentOverTheLimitIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	for name, length := range map[string]int64{"of unknown length": -1, "of known length": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &endless{}
			client := alone(t, &canned{}, func(r *http.Request) *http.Response {
				if r.URL.Host == "graph.example" {
					return answered(r, http.StatusFound, "", "Location", "https://contoso.sharepoint.com/x?tempauth=y")
				}
				return &http.Response{
					StatusCode:    http.StatusOK,
					Header:        http.Header{},
					Body:          body,
					ContentLength: length,
					Request:       r,
				}
			})
			_, err := client.Read(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i"}, limit)
			wantFault(t, err, fault.TooLarge, "The file is larger than 1 MiB.")
			if most := 4 * limit; body.read > most {
				t.Errorf("%d bytes were read, want at most %d", body.read, most)
			}
		})
	}
	w := open(t)
	f := w.put("geheim.jpg", random(2<<20))
	_, err := w.client.Read(t.Context(), w.who, f, 2<<20-1)
	wantFault(t, err, fault.TooLarge, "The file is larger than 1 MiB.")
}

func TestContentIsFetchedFromSharePointAlone(t *testing.T) {
	t.Parallel()
	for location, trusted := range map[string]bool{
		"https://contoso.sharepoint.com/a?tempauth=y":   true,
		"https://contoso.sharepoint.com:443/a":          true,
		"https://CONTOSO-my.SharePoint.com/a":           true,
		"https://contoso.sharepoint.us/a":               false, // of another cloud
		"https://contoso.sharepoint.cn/a":               false,
		"https://westeurope1-mediap.svc.ms/a":           false, // of small pictures alone
		"http://contoso.sharepoint.com/a":               false,
		"https://contoso.sharepoint.com:8443/a":         false,
		"https://evil.example/contoso.sharepoint.com":   false,
		"https://contoso.sharepoint.com.evil.example/a": false,
		"https://evilsharepoint.com/a":                  false,
		"https://sharepoint.com/a":                      false,
		"https://contoso.sharepoint.com@evil.example/a": false,
		"https://user:pass@contoso.sharepoint.com/a":    false,
		"https://localhost:8443/a":                      false,
		"https://127.0.0.1/a":                           false,
		"https://169.254.169.254/metadata":              false,
		"/relative":                                     false,
		"":                                              false,
		"https://evil.example#.sharepoint.com/":         false,
		"file:///etc/passwd":                            false,
	} {
		t.Run(location, func(t *testing.T) {
			t.Parallel()
			asked := 0
			client := alone(t, &canned{}, func(r *http.Request) *http.Response {
				if r.URL.Host == "graph.example" {
					return answered(r, http.StatusFound, "", "Location", location)
				}
				if asked++; !trusted || r.Header.Get("Authorization") != "" {
					t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
				}
				return answered(r, http.StatusOK, "content")
			})
			got, err := client.Read(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i"}, 100)
			if trusted {
				if err != nil || string(got) != "content" || asked != 1 {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			wantFault(t, err, fault.Internal, untrusted)
		})
	}
}

func TestContentIsFetchedFromTheTenantsOwnHostOnceItIsKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, tenant string
		trusted        bool
	}{
		"its own":                      {"https://contoso.sharepoint.com/a?tempauth=y", "t", true},
		"another tenant's":             {"https://evil.sharepoint.com/a?tempauth=y", "t", false},
		"one of a tenant not yet seen": {"https://evil.sharepoint.com/a?tempauth=y", "other", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := alone(t, &canned{}, func(r *http.Request) *http.Response {
				switch {
				case r.URL.Host == "graph.example" && strings.HasSuffix(r.URL.Path, "/content"):
					return answered(r, http.StatusFound, "", "Location", c.source)
				case r.URL.Host == "graph.example":
					return answered(r, http.StatusOK,
						`{"id":"i","name":"a.jpg","file":{},"webUrl":"https://Contoso.sharepoint.com/sites/a/a.jpg"}`,
						"Content-Type", "application/json")
				}
				if !c.trusted {
					t.Errorf("asked %s", r.URL)
				}
				return answered(r, http.StatusOK, "content")
			})
			f, err := client.File(t.Context(), caller.Away("t", "u"), "d", "i")
			if err != nil {
				t.Fatal(err)
			}
			f.Source = secret.New(c.source)
			got, err := client.Read(t.Context(), caller.Away(c.tenant, "u"), f, 100)
			if !c.trusted {
				wantFault(t, err, fault.Internal, untrusted)
			} else if err != nil || string(got) != "content" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestASearchForSitesReachesGraphAsItWasTyped(t *testing.T) {
	t.Parallel()
	const typed = "Fest & Feier +49 ü/#%?"
	client := alone(t, &canned{}, func(r *http.Request) *http.Response {
		query := r.URL.Query()
		if query.Get("$search") != typed || query.Get("$select") != "id,displayName,name,webUrl,createdDateTime" {
			t.Errorf("asked %s", r.URL.RequestURI())
		}
		if strings.Contains(r.URL.RawQuery, "+") {
			t.Errorf("%s has a plus sign, which is not a space to everybody", r.URL.RawQuery)
		}
		return answered(r, http.StatusOK, `{"value":[{"id":"s","displayName":"Fest"}]}`, "Content-Type",
			"application/json")
	})
	page, err := client.Sites(t.Context(), caller.Away("t", "u"), typed, "")
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Title != "Fest" {
		t.Errorf("got %+v, %v", page, err)
	}
	for _, elsewhere := range []string{"https://evil.example/v1.0/sites?x", "https://graph.example/v1.0/me"} {
		_, err = client.Sites(t.Context(), caller.Away("t", "u"), typed, elsewhere)
		if !fault.Is(err, fault.Internal) {
			t.Errorf("a next page at %s: %v", elsewhere, err)
		}
	}
}

func TestSmallPicturesMayComeFromTheServiceThatSharePointHasForThem(t *testing.T) {
	t.Parallel()
	for location, trusted := range map[string]bool{
		"https://westeurope1-mediap.svc.ms/transform/thumbnail": true,
		"https://contoso.sharepoint.com/thumbnail":              true,
		"https://svc.ms.evil.example/thumbnail":                 false,
		"http://westeurope1-mediap.svc.ms/thumbnail":            false,
	} {
		client := alone(t, &canned{}, func(r *http.Request) *http.Response {
			if r.URL.Host == "graph.example" {
				return answered(r, http.StatusFound, "", "Location", location)
			}
			return answered(r, http.StatusOK, "small")
		})
		got, err := client.Thumbnail(t.Context(), caller.Away("t", "u"), library.Ref{Drive: "d", Item: "i"}, "medium")
		if !trusted {
			wantFault(t, err, fault.Internal, untrusted)
		} else if err != nil || string(got) != "small" {
			t.Errorf("%s: %q, %v", location, got, err)
		}
	}
}

func TestAnAddressThatIsNoneIsNotFetched(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"https://evil.example\\.sharepoint.com/",
		"https://contoso.sharepoint.com%2eevil.example/geheim.jpg", "https://[::1/", "%zz"} {
		client := alone(t, &canned{}, func(r *http.Request) *http.Response {
			if r.URL.Host != "graph.example" {
				t.Errorf("asked %s", r.URL)
			}
			return answered(r, http.StatusFound, "", "Location", location)
		})
		_, err := client.Read(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i"}, 100)
		wantFault(t, err, fault.Busy, oddAnswer)
	}
}

func TestARedirectOfSharePointsIsNotFollowed(t *testing.T) {
	t.Parallel()
	client := alone(t, &canned{}, func(r *http.Request) *http.Response {
		if r.URL.Host == "evil.example" {
			t.Error("the redirect was followed")
		}
		if r.URL.Host == "graph.example" {
			return answered(r, http.StatusFound, "", "Location", "https://contoso.sharepoint.com/geheim?tempauth=y")
		}
		return answered(r, http.StatusFound, "", "Location", "https://evil.example/")
	})
	_, err := client.Read(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i"}, 100)
	wantFault(t, err, fault.Internal, "SharePoint gave an answer that Image Pro does not know.")
}

func TestABrokenConnectionToSharePointDoesNotTellTheAddress(t *testing.T) {
	t.Parallel()
	client, err := graph.NewClient(graph.Options{
		BaseURL: "https://graph.example/v1.0",
		Tokens:  &canned{},
		Now:     time.Now,
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "graph.example" {
				return answered(r, http.StatusFound, "", "Location",
					"https://contoso.sharepoint.com/geheim.jpg?tempauth=y"), nil
			}
			return nil, io.ErrUnexpectedEOF
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Read(t.Context(), caller.Away("t", "u"), bulk.File{Drive: "d", Item: "i"}, 100)
	wantFault(t, err, fault.Busy, isAway)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cause is lost: %v", err)
	}
}
