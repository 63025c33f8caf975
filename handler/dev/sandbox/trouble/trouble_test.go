package trouble_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/trouble"
)

// shop is a service behind a desk.
type shop struct {
	*trouble.Desk
	t    *testing.T
	url  string
	work atomic.Int64 // how often the service did its work
}

func open(t *testing.T, o trouble.Options) *shop {
	t.Helper()
	s := &shop{Desk: trouble.New(o), t: t}
	server := httptest.NewServer(s.Wrap("graph", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if known, ok := w.(interface{ Identify(tenant, user string) }); ok {
			known.Identify("contoso", "ada")
		}
		_, _ = io.Copy(io.Discard, r.Body)
		s.work.Add(1)
		w.Header().Set("Content-Length", "10000")
		_, _ = w.Write(make([]byte, 10000))
	})))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// call sends one request over a connection of its own: clients repeat a GET by themselves if an old
// connection breaks.
func (s *shop) call(method, path string, body io.Reader) (*http.Response, []byte, error) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	return res, data, err
}

func (s *shop) add(r trouble.Rule) {
	s.t.Helper()
	if _, err := s.Add(r); err != nil {
		s.t.Fatal(err)
	}
}

func TestARuleStrikesTheCallsItNamesAndNoOthers(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	s.add(trouble.Rule{
		Service:    "graph",
		Method:     "PUT",
		Path:       `/content$`,
		Skip:       1,
		Times:      2,
		Action:     trouble.Fail,
		Status:     503,
		RetryAfter: 1500 * time.Millisecond,
		Header:     http.Header{"X-Test": {"1"}},
	})
	s.add(trouble.Rule{Service: "entra", Times: -1, Action: trouble.Fail})
	var got []int
	for _, c := range []string{"PUT /a/content", "GET /a/content", "PUT /a", "PUT /b/content",
		"PUT /c/content?x=/content", "PUT /d/content"} {
		method, path, _ := strings.Cut(c, " ")
		res, body, err := s.call(method, path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, res.StatusCode)
		if res.StatusCode != 503 {
			continue
		}
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(body, &e); err != nil || e.Error.Code != "serviceNotAvailable" ||
			res.Header.Get("Retry-After") != "2" || res.Header.Get("X-Test") != "1" {
			t.Errorf("%v %s", res.Header, body)
		}
	}
	if d := cmp.Diff([]int{200, 200, 200, 503, 503, 200}, got); d != "" {
		t.Error(d)
	}
	if s.work.Load() != 4 {
		t.Errorf("the service worked %d times", s.work.Load())
	}
	if rules := s.Rules(); len(rules) != 2 || rules[0].Struck != 2 || rules[1].Struck != 0 {
		t.Errorf("%+v", s.Rules())
	}
	s.Clear()
	if len(s.Rules()) != 0 {
		t.Error("rules are left")
	}
}

func TestAConnectionBreaksBeforeOrAfterTheWork(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	for _, c := range []struct {
		action trouble.Action
		work   int64
		status int
	}{{trouble.Break, 0, 0}, {trouble.Lose, 1, 200}} {
		s.work.Store(0)
		s.add(trouble.Rule{Action: c.action})
		if _, _, err := s.call("POST", "/"+string(c.action), strings.NewReader("x")); err == nil {
			t.Errorf("%s: an answer came", c.action)
		}
		if s.work.Load() != c.work {
			t.Errorf("%s: the service worked %d times", c.action, s.work.Load())
		}
		h := s.History(trouble.Filter{Path: regexp.MustCompile(string(c.action))})
		if len(h) != 1 || h[0].Status != c.status || h[0].Trouble != string(c.action) || h[0].Rule == 0 {
			t.Errorf("%s: %+v", c.action, h)
		}
	}
}

func TestABodyIsCutOff(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	s.add(trouble.Rule{Action: trouble.Truncate, Bytes: 4321})
	s.add(trouble.Rule{Action: trouble.Truncate, Bytes: 20000})
	res, body, err := s.call("GET", "/", nil)
	if err == nil || res.StatusCode != 200 || len(body) != 4321 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, body, err := s.call("GET", "/", nil); err != nil || len(body) != 10000 {
		t.Errorf("a body that fits: %d bytes, %v", len(body), err)
	}
}

func TestADelayDelays(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	s.add(trouble.Rule{Action: trouble.Delay, Delay: 50 * time.Millisecond})
	began := time.Now()
	if _, _, err := s.call("GET", "/", nil); err != nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("%v, %v", err, time.Since(began))
	}
}

func TestEntraFailsInItsOwnWords(t *testing.T) {
	t.Parallel()
	d := trouble.New(trouble.Options{Kind: true})
	if _, err := d.Add(trouble.Rule{
		Service: "entra",
		Action:  trouble.Fail,
		Status:  400,
		Code:    "invalid_grant",
		Times:   -1,
	}); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.Wrap("entra", http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("POST", "/t/oauth2/v2.0/token", nil))
	if w.Code != 400 || !strings.Contains(w.Body.String(), `"error":"invalid_grant"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRulesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	d := trouble.New(trouble.Options{})
	for _, r := range []trouble.Rule{
		{}, {Action: "dance"}, {Action: trouble.Fail, Status: 200}, {Action: trouble.Fail, Path: "("},
		{Action: trouble.Fail, Times: -2}, {Action: trouble.Delay, Delay: -1},
	} {
		if _, err := d.Add(r); err == nil {
			t.Errorf("%+v was taken", r)
		}
	}
}

func TestTheHistoryKeepsNoSecrets(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	for _, path := range []string{
		"/x/download.aspx?UniqueId=1&tempauth=hush&ApiVersion=2.0", "/root/delta?$skiptoken=fine&token=hush",
		"/x/uploadSession?guid='hush'&path='~tmp'", "/authorize?CODE=hush&client_secret=hush",
		"/_api/v2.0/monitor/hush",
	} {
		if _, _, err := s.call("GET", path, nil); err != nil {
			t.Fatal(err)
		}
	}
	all, err := json.Marshal(s.History(trouble.Filter{}))
	if err != nil || bytes.Contains(all, []byte("hush")) || bytes.Contains(all, []byte("secret\"")) ||
		bytes.Contains(all, []byte("Bearer")) {
		t.Errorf("%s", all)
	}
	want := "/x/download.aspx?UniqueId=1&tempauth=***&ApiVersion=2.0"
	if got := s.History(trouble.Filter{})[0]; got.Path != want || got.Tenant != "contoso" || got.User != "ada" ||
		got.Number != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheHistoryIsFilteredAndBounded(t *testing.T) {
	t.Parallel()
	d := trouble.New(trouble.Options{Kind: true})
	h := d.Wrap("graph", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "DELETE" {
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	send := func(method, path string) { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil)) }
	send("GET", "/first")
	d.Forget()
	for i := range 20_050 {
		send([]string{"GET", "DELETE"}[i%2], fmt.Sprint("/", i))
	}
	all := d.History(trouble.Filter{})
	if len(all) != 20_000 || all[0].Path != "/50" || all[19_999].Path != "/20049" || all[0].Number != 52 {
		t.Errorf("%d calls, from %+v", len(all), all[0])
	}
	for _, f := range []struct {
		filter trouble.Filter
		want   int
	}{
		{trouble.Filter{Status: 204}, 10_000}, {trouble.Filter{Method: "GET"}, 10_000},
		{trouble.Filter{Service: "entra"}, 0},
		{trouble.Filter{Path: regexp.MustCompile("^/199..$")}, 100}, {trouble.Filter{After: all[19_989].Number}, 10},
		{trouble.Filter{User: "ada"}, 0}, {trouble.Filter{Tenant: "x"}, 0}, {trouble.Filter{Trouble: "fail"}, 0},
	} {
		if got := len(d.History(f.filter)); got != f.want {
			t.Errorf("%+v: %d, want %d", f.filter, got, f.want)
		}
	}
}

// tally counts what 4000 calls meet.
func tally(t *testing.T, o trouble.Options, u trouble.Unkindness) map[string]int {
	t.Helper()
	d := trouble.New(o)
	d.Set(u)
	h := d.Wrap("graph", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 4000 {
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
	}
	got := map[string]int{}
	for _, c := range d.History(trouble.Filter{}) {
		got[c.Trouble]++
		if c.Trouble == "fail" && (c.Status != 429 && c.Status != 503 || c.RetryAfter != "1" && c.RetryAfter != "2") {
			t.Errorf("%+v", c)
		}
	}
	return got
}

func TestRandomTroubleHasItsRatesIsSeededAndCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	u := trouble.Usual()
	u.Delay = 0
	first := tally(t, trouble.Options{Seed: 7}, u)
	for action, want := range map[string][2]int{"fail": {50, 115}, "break": {8, 35}, "lose": {8, 35}} {
		if n := first[action]; n < want[0] || n > want[1] {
			t.Errorf("%s: %d of 4000", action, n)
		}
	}
	if d := cmp.Diff(first, tally(t, trouble.Options{Seed: 7}, u)); d != "" {
		t.Errorf("the same seed made other trouble: %s", d)
	}
	if d := cmp.Diff(map[string]int{"": 4000}, tally(t, trouble.Options{Seed: 7}, trouble.Unkindness{})); d != "" {
		t.Error(d)
	}
	u.Services = []string{"entra"}
	if d := cmp.Diff(map[string]int{"": 4000}, tally(t, trouble.Options{Seed: 7}, u)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(trouble.Unkindness{}, trouble.New(trouble.Options{Kind: true}).Unkindness()); d != "" {
		t.Error(d)
	}
}

func TestTheDeskIsManagedOverHTTP(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Kind: true})
	h := s.Manage()
	call := func(status int, method, path, body string) string {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code != status {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return strings.TrimSpace(w.Body.String())
	}
	call(201, "POST", "/trouble/rules",
		`{"service":"graph","path":"/a","action":"fail","status":423,"retryAfterMs":1000,"headers":{"X-A":"b"}}`)
	call(400, "POST", "/trouble/rules", `{"action":"dance"}`)
	call(400, "POST", "/trouble/rules", `{"acton":"fail"}`)
	if res, _, err := s.call("GET", "/a", nil); err != nil || res.StatusCode != 423 || res.Header.Get("X-A") != "b" {
		t.Errorf("%v, %v", res, err)
	}
	if got := call(200, "GET", "/trouble/rules", ""); !strings.Contains(got, `"struck":1`) {
		t.Error(got)
	}
	call(204, "DELETE", "/trouble/rules", "")
	if got := call(200, "GET", "/trouble/rules", ""); got != "[]" {
		t.Error(got)
	}
	if got := call(200, "PUT", "/trouble/unkindness",
		`{"throttle":0.5,"delayMs":3,"slow":0.5,"fail":0.25}`); got != `{"kind":false,"throttle":0.5,"break":0,`+
		`"fail":0.25,"lose":0,"delayMs":3,"slow":0.5}` {
		t.Error(got)
	}
	if got := call(200, "PUT", "/trouble/unkindness", `{"kind":true}`); !strings.Contains(got, `"kind":true`) {
		t.Error(got)
	}
	if got := call(200, "GET", "/history?status=423&path=^/a", ""); !strings.Contains(got, `"retryAfter":"1"`) {
		t.Error(got)
	}
	if got := call(200, "GET", "/history/count?service=graph", ""); got != `{"count":1}` {
		t.Error(got)
	}
	call(400, "GET", "/history?status=x", "")
	call(400, "GET", "/history?path=(", "")
	call(204, "DELETE", "/history", "")
	if got := call(200, "GET", "/history", ""); got != "[]" {
		t.Error(got)
	}
	call(200, "GET", "/trouble/unkindness", "")
}

func TestManyCallsAtOnceAreAllRecorded(t *testing.T) {
	t.Parallel()
	s := open(t, trouble.Options{Seed: 3})
	s.Set(trouble.Unkindness{Throttle: 0.3, Delay: time.Millisecond})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				_, _, _ = s.call("GET", "/", nil)
			}
		})
	}
	all.Wait()
	if n := len(s.History(trouble.Filter{})); n != 200 {
		t.Errorf("%d calls", n)
	}
}
