package invoke_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/fault"
	"imagepro/handler/invoke"
)

// message is what the queue function of these tests takes: the fields of the recorded payload.
type message struct {
	ScraperID string `json:"scraperId"`
	Listings  []struct {
		Title string `json:"title"`
	} `json:"listings"`
}

// answer is what the host gets.
type answer struct {
	status int
	body   map[string]any
	log    string // of this invocation
}

// address is where the program under test listens, as the host sees it.
const address = "127.0.0.1:7000"

// call posts body to path as the host does, chunked and with an invocation id, and fails the test if the
// answer would hang or confuse the host: without a body, of another type, or no JSON object.
func call(t *testing.T, h http.Handler, method, path string, body io.Reader) answer {
	t.Helper()
	return callAs(t, h, method, path, body, func(*http.Request) {})
}

// callAs is call with a request that change has changed.
func callAs(t *testing.T, h http.Handler, method, path string, body io.Reader, change func(*http.Request)) answer {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	id := rand.Text()
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("X-Azure-Functions-InvocationId", id)
	r.Header.Set("User-Agent", "Azure-Functions-Host/4.1037.0.0")
	r.Host = address
	change(r)
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := answer{status: response.StatusCode}
	if contentType := response.Header.Get("Content-Type"); contentType != "application/json" {
		t.Errorf("Content-Type %q, want application/json", contentType)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got.body); err != nil || got.body == nil {
		t.Errorf("the answer is no JSON object: %q", text)
	}
	got.log = log.of(id)
	return got
}

// queueFunction returns a function with what it was given, in order.
func queueFunction(work func(context.Context, message) error) (http.Handler, *[]message) {
	var got []message
	return invoke.Handler(invoke.Options{Address: address, Deadline: time.Minute},
		invoke.Queue("Scrape", "scrapes", func(ctx context.Context, m message) error {
			got = append(got, m)
			return work(ctx, m)
		})), &got
}

func done(context.Context, message) error { return nil }

func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func listing(titles ...string) message {
	m := message{ScraperID: "s1"}
	for _, title := range titles {
		m.Listings = append(m.Listings, struct {
			Title string `json:"title"`
		}{title})
	}
	return m
}

func TestRecordedQueueMessagesReachTheFunction(t *testing.T) {
	t.Parallel()
	first := listing("x")
	first.ScraperID = "viennaHousingScraper002"
	tests := []struct {
		file string
		want message
	}{
		{"queue", first},
		{"queue-documented", message{ScraperID: "s1", Listings: listing().Listings}},
		{"queue-object", listing("<&> ä")},
		{"queue-overridden-metadata", listing()},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			h, got := queueFunction(done)
			a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(recorded(t, test.file)))
			if a.status != http.StatusOK {
				t.Fatalf("status %d: %v", a.status, a.body)
			}
			if len(*got) != 1 || (*got)[0].ScraperID != test.want.ScraperID ||
				len((*got)[0].Listings) != len(test.want.Listings) {
				t.Fatalf("the function got %+v, want %+v", *got, test.want)
			}
			if len(test.want.Listings) > 0 {
				if diff := cmp.Diff(test.want, (*got)[0]); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(map[string]any{"Outputs": map[string]any{}}, a.body); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFunctionIsToldHowOftenAMessageWasGivenOut(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		recorded(t, "queue"):                                                    5,
		recorded(t, "queue-documented"):                                         1, // a number
		recorded(t, "queue-object"):                                             1,
		`{"Data":{"message":"{}"}}`:                                             0,
		`{"Data":{"message":"{}"},"Metadata":{"DequeueCount":"many"}}`:          0,
		`{"Data":{"message":"{}"},"Metadata":{"DequeueCount":{"of":"a text"}}}`: 0,
		`{"Data":{"message":"{}"},"Metadata":"none"}`:                           0,
	} {
		got := -1
		h := invoke.Handler(invoke.Options{Address: address, Deadline: time.Minute},
			invoke.QueueCounted("Scrape", "scrapes", func(_ context.Context, _ message, times int) error {
				got = times
				return nil
			}))
		if a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(body)); a.status != http.StatusOK ||
			got != want {
			t.Errorf("%.80s: status %d, given out %d times, want %d", body, a.status, got, want)
		}
	}
}

func TestRecordedTimersReachTheFunction(t *testing.T) {
	t.Parallel()
	next := time.Date(2022, 10, 11, 8, 53, 0, 0, time.UTC)
	tests := []struct {
		file string
		want invoke.Timer
	}{
		{"timer-unmonitored", invoke.Timer{}},
		{"timer-monitored", invoke.Timer{PastDue: true, Last: time.Date(2022, 10, 11, 8, 52, 0, 3967000, time.UTC),
			Next: next}},
		{"timer-first-run", invoke.Timer{Next: next.Add(2 * time.Hour)}}, // without an offset it counts as UTC
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			var got []invoke.Timer
			h := invoke.Handler(invoke.Options{Address: address, Deadline: time.Minute},
				invoke.OnTimer("Sweep", func(_ context.Context, timer invoke.Timer) error {
					got = append(got, timer)
					return nil
				}))
			if a := call(t, h, http.MethodPost, "/Sweep",
				strings.NewReader(recorded(t, test.file))); a.status != http.StatusOK {
				t.Fatalf("status %d: %v", a.status, a.body)
			}
			if diff := cmp.Diff([]invoke.Timer{test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMessagesThatAreNoneOfOursAreDroppedAndLogged(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"text":                 `"\"hello secret-text\""`,
		"plain text":           `"hello secret-text"`,
		"a list":               `"[1,2]"`,
		"null":                 `null`,
		"null as text":         `"null"`,
		"a number":             `"12"`,
		"nothing":              `""`,
		"an unfinished object": `"{\"scraperId\":\"secret-text"`,
		"another type":         `"{\"scraperId\":{\"secret-text\":1}}"`,
		"text in text in text": `"\"\\\"\\\\\\\"{}\\\\\\\"\\\"\""`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, got := queueFunction(done)
			a := call(t, h, http.MethodPost, "/Scrape",
				strings.NewReader(`{"Data":{"message":`+data+`},"Metadata":{}}`))
			if a.status != http.StatusOK || len(*got) != 0 {
				t.Errorf("status %d, %d messages for the function; want 200 and none", a.status, len(*got))
			}
			if !strings.Contains(a.log, "message is dropped") {
				t.Error("the loss is not logged")
			}
			if strings.Contains(a.log, "secret-text") {
				t.Errorf("the log shows the message: %s", a.log)
			}
		})
	}
}

func TestBrokenEnvelopesFail(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"white space":     " ",
		"no JSON":         "hello",
		"a list":          "[]",
		"null":            "null",
		"an empty object": "{}",
		"Data is a text":  `{"Data":"x"}`,
		"another binding": `{"Data":{"msg":"\"{}\""}}`,
		"too long":        `{"Data":{"message":"` + strings.Repeat(" ", 1<<20) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, got := queueFunction(done)
			a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(body))
			if a.status != http.StatusInternalServerError || len(*got) != 0 {
				t.Errorf("status %d, %d messages for the function; want 500 and none", a.status, len(*got))
			}
			if !strings.Contains(a.log, "function failed") {
				t.Error("the failure is not logged")
			}
		})
	}
}

func TestTheLargestMessageFits(t *testing.T) {
	t.Parallel()
	// 64 KiB of quotes is what grows most: each is escaped in the message, in the text and in the envelope,
	// and comes again in the metadata.
	title := strings.Repeat(`\"`, 32<<10)
	object := `{"title":"` + title + `"}`
	envelope, err := json.Marshal(map[string]any{
		"Data":     map[string]any{"message": encoded(t, object)},
		"Metadata": map[string]any{"title": encoded(t, title)},
	})
	if err != nil {
		t.Fatal(err)
	}
	length := 0
	h := invoke.Handler(invoke.Options{Address: address, Deadline: time.Minute},
		invoke.Queue("Scrape", "scrapes", func(_ context.Context, m struct{ Title string }) error {
			length = len(m.Title)
			return nil
		}))
	if a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(string(envelope))); a.status != http.StatusOK ||
		length != 32<<10 {
		t.Errorf("status %d, %d characters for the function; want 200 and %d", a.status, length, 32<<10)
	}
}

// encoded returns text as a JSON string, as the host writes text before it writes the envelope.
func encoded(t *testing.T, text string) string {
	t.Helper()
	all, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestAnErrorComesAgainWithoutItsText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		kind string
	}{
		{"a fault", fault.New(fault.Busy, "The service is busy.", errors.New("foreign text")), "busy"},
		{"any other error", errors.New("foreign text"), "internal"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, _ := queueFunction(func(context.Context, message) error { return test.err })
			a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(recorded(t, "queue")))
			if a.status != http.StatusInternalServerError {
				t.Errorf("status %d, want 500", a.status)
			}
			if diff := cmp.Diff(map[string]any{"ReturnValue": test.kind}, a.body); diff != "" {
				t.Error(diff)
			}
			if strings.Count(a.log, "\n") != 1 || !strings.Contains(a.log, "foreign text") ||
				!strings.Contains(a.log, `"function":"Scrape"`) {
				t.Errorf("the log must name the function and the cause once:\n%s", a.log)
			}
		})
	}
}

func TestAPanicFailsThisInvocationOnly(t *testing.T) {
	t.Parallel()
	h, _ := queueFunction(func(_ context.Context, m message) error {
		if m.ScraperID == "s1" {
			return nil
		}
		panic("index out of range")
	})
	a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(recorded(t, "queue")))
	if a.status != http.StatusInternalServerError || strings.Contains(encodedBody(t, a), "index") {
		t.Errorf("status %d, answer %v; want 500 without the panic's text", a.status, a.body)
	}
	if !strings.Contains(a.log, "index out of range") || !strings.Contains(a.log, "invoke_test.go") {
		t.Errorf("the log lacks the panic or where it was:\n%s", a.log)
	}
	if a := call(t, h, http.MethodPost, "/Scrape",
		strings.NewReader(recorded(t, "queue-object"))); a.status != http.StatusOK {
		t.Errorf("the next invocation: status %d, want 200", a.status)
	}
}

func encodedBody(t *testing.T, a answer) string {
	t.Helper()
	text, err := json.Marshal(a.body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheDeadlineReachesTheFunction(t *testing.T) {
	t.Parallel()
	h := invoke.Handler(invoke.Options{Address: address, Deadline: time.Millisecond},
		invoke.Queue("Scrape", "scrapes", func(ctx context.Context, _ message) error {
			<-ctx.Done()
			return ctx.Err()
		}))
	a := call(t, h, http.MethodPost, "/Scrape", strings.NewReader(recorded(t, "queue")))
	if a.status != http.StatusInternalServerError || !strings.Contains(a.log, "context deadline exceeded") {
		t.Errorf("status %d, want 500 with the reason in the log:\n%s", a.status, a.log)
	}
}

func TestOtherMethodsAndNamesAreRefusedInJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, path string }{
		{http.MethodGet, "/Scrape"},
		{http.MethodPut, "/Scrape"},
		{http.MethodPost, "/Unknown"},
		{http.MethodPost, "/scrape"},
		{http.MethodPost, "/Scrape/more"},
		{http.MethodPost, "//Scrape"},
		{http.MethodPost, "/x/../Scrape"},
		{http.MethodPost, "/"},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			h, got := queueFunction(done)
			a := call(t, h, test.method, test.path, strings.NewReader(recorded(t, "queue")))
			if a.status != http.StatusNotFound || len(*got) != 0 {
				t.Errorf("status %d, %d messages for the function; want 404 and none", a.status, len(*got))
			}
		})
	}
}

func TestOnlyTheHostsOwnCallRunsAFunction(t *testing.T) {
	t.Parallel()
	body := recorded(t, "queue")
	for mark, change := range map[string]func(*http.Request){
		"length": func(r *http.Request) { r.ContentLength = int64(len(body)) },
		"host":   func(r *http.Request) { r.Host = "pictures.contoso.com" },
		"invocation": func(r *http.Request) {
			r.Header.Add("X-Azure-Functions-InvocationId", r.Header.Get("X-Azure-Functions-InvocationId"))
		},
		"user-agent": func(r *http.Request) {
			r.Header.Set("User-Agent", "curl/8 Azure-Functions-Host/4.1037.0.0")
		},
		"content-type":       func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"x-forwarded-for":    func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") },
		"x-forwarded-proto":  func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") },
		"forwarded":          func(r *http.Request) { r.Header.Set("Forwarded", "for=x") },
		"x-ms-invocation-id": func(r *http.Request) { r.Header.Set("x-ms-invocation-id", "i") },
		"origin":             func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"sec-fetch-site":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"referer":            func(r *http.Request) { r.Header.Set("Referer", "https://evil.example/") },
	} {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			h, got := queueFunction(done)
			a := callAs(t, h, http.MethodPost, "/Scrape", strings.NewReader(body), change)
			if a.status != http.StatusNotFound || len(*got) != 0 {
				t.Errorf("status %d, %d messages for the function; want 404 and none", a.status, len(*got))
			}
			if !strings.Contains(a.log, `"function":"Scrape","mark":"`+mark+`"`) {
				t.Errorf("the log does not say what is refused and why:\n%s", a.log)
			}
		})
	}
}

func TestAHostThatCannotProxyIsNamedInTheLog(t *testing.T) {
	t.Parallel()
	h, _ := queueFunction(done)
	const request = `{"Data":{"req":{"Url":"http://localhost:7071/api/tabs","Method":"GET","Query":"{}",` +
		`"Headers":{},"Params":{}}},"Metadata":{}}`
	a := call(t, h, http.MethodPost, "/Tabs", strings.NewReader(request))
	if a.status != http.StatusNotFound || !strings.Contains(a.log, "the Functions host is too old") {
		t.Errorf("status %d, log:\n%s", a.status, a.log)
	}
	a = call(t, h, http.MethodPost, "/Renamed", strings.NewReader(recorded(t, "queue")))
	if a.status != http.StatusNotFound || !strings.Contains(a.log, "a function that the program does not have") {
		t.Errorf("status %d, log:\n%s", a.status, a.log)
	}
}

func TestATimerWithoutDataFails(t *testing.T) {
	t.Parallel()
	h := invoke.Handler(invoke.Options{Address: address, Deadline: time.Minute},
		invoke.OnTimer("Sweep", func(context.Context, invoke.Timer) error {
			t.Error("the function ran")
			return nil
		}))
	for _, body := range []string{`{"Data":{"timer":null}}`, `{"Data":{"timer":"soon"}}`, `{"Data":{}}`} {
		if a := call(t, h, http.MethodPost, "/Sweep",
			strings.NewReader(body)); a.status != http.StatusInternalServerError {
			t.Errorf("%s: status %d, want 500", body, a.status)
		}
	}
}
