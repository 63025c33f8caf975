package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/host"
)

func TestProxyKeepsTheRequestAndSetsItsOwnIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableForwardingHttpRequest": true}) // proxying wins
	s.everything()
	r := s.start(host.Options{}).ready()
	path := "/api/Some%2Fthing/%3F%23/x"
	response, body := r.do("PUT", path+"?a=1&a=2&flag&b=%zz;c", "the body",
		"Host", "public.example", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https", "Forwarded", "for=x",
		"X-Azure-Functions-InvocationId", "forged", "X-Ms-Invocation-Id", "forged", "User-Agent", "client",
		"Content-Encoding", "gzip", "Cookie", "a=b", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if response.StatusCode != 200 || body != "the body" {
		t.Fatalf("the answer is %s %q", response.Status, body)
	}
	c := r.calls(path)[0]
	got := map[string]string{"method": c.Method, "query": c.RawQuery, "host": c.Host}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "User-Agent", "Content-Encoding", "Cookie"} {
		got[name] = strings.Join(c.Header.Values(name), "|")
	}
	want := map[string]string{
		"method": "PUT", "query": "a=1&a=2&flag&b=%zz;c", "host": "public.example", "X-Forwarded-For": "203.0.113.9",
		"X-Forwarded-Proto": "https", "Forwarded": "for=x", "User-Agent": "client", "Content-Encoding": "gzip", "Cookie": "a=b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the handler saw (-want +got):\n%s", diff)
	}
	id := c.Header.Values("X-Azure-Functions-Invocationid")
	if len(id) != 1 || len(id[0]) != 36 || c.Header.Get("X-Ms-Invocation-Id") != id[0] || c.Header.Get("X-Azure-Functions-Hostversion") == "" {
		t.Errorf("identity headers: %v", c.Header)
	}
	trace := c.Header.Get("Traceparent")
	if !strings.HasPrefix(trace, "00-0af7651916cd43dd8448eb211c80319c-") || strings.Contains(trace, "b7ad6b7169203331") {
		t.Errorf("traceparent %s, want a new span in the caller's trace", trace)
	}
}

func TestProxyStreamsTheAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	response, err := http.Get(r.URL() + "/api/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewReader(response.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "first\n" {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	r.do("POST", "/api/release", "")
	if line, err := lines.ReadString('\n'); err != nil || line != "second\n" {
		t.Errorf("the second line is %q, %v", line, err)
	}
}

func TestProxyTellsTheHandlerThatTheClientWentAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/api/hang", nil)
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	r.awaitCalls("/api/hang", 1)
	cancel()
	<-gone
	r.await("the handler to see it", func() bool { return r.out.has("ABORTED") })
	r.awaitCount("zAll", host.Count{Started: 1, Succeeded: 1})
}

func TestProxyTakesEveryStatusAsSuccessAndFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	for _, status := range []string{"503", "302", "204"} {
		response, _ := r.do("GET", "/api/status/"+status, "")
		if !strings.HasPrefix(response.Status, status) || len(response.Header.Values("Set-Cookie")) != 2 {
			t.Errorf("the answer is %s with %v, want %s with two cookies", response.Status, response.Header, status)
		}
	}
	r.awaitCount("zAll", host.Count{Started: 3, Succeeded: 3})
}

func TestForwardingRebuildsTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableForwardingHttpRequest": true})
	s.everything()
	r := s.start(host.Options{LegacyForward: true}).ready()
	response, body := r.do("POST", "/api/a%20b%3Fcut/off?a=1&A=2&flag", "the body", "Host", "public.example",
		"X-Azure-Functions-InvocationId", "first", "User-Agent", "client", "Content-Encoding", "gzip", "X-Functions-Key", "k",
		"Content-Type", "text/plain")
	if response.StatusCode != 200 || body != "the body" {
		t.Fatalf("the answer is %s %q", response.Status, body)
	}
	c := r.awaitCalls("/api/a%20b", 1)[0]
	if c.RawQuery != "a=1%2C2&flag=" || c.Host != "public.example" || c.Length != 8 {
		t.Errorf("query %q, host %q, length %d", c.RawQuery, c.Host, c.Length)
	}
	id := c.Header.Values("X-Azure-Functions-Invocationid")
	if len(id) != 2 || id[0] != "first" || len(id[1]) != 36 {
		t.Errorf("invocation ids %v, want the client's first and the host's last", id)
	}
	if agent := c.Header.Get("User-Agent"); !strings.HasPrefix(agent, "client Azure-Functions-Host/4.") {
		t.Errorf("user agent %q", agent)
	}
	if c.Header.Get("Content-Encoding") != "" || c.Header.Get("Content-Type") != "text/plain" || c.Header.Get("X-Functions-Key") != "k" {
		t.Errorf("headers %v: Content-Encoding is lost, the others stay", c.Header)
	}
	if response, _ := r.do("GET", "/api/status/302", ""); response.StatusCode != 302 || len(response.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("the answer is %s with %v", response.Status, response.Header)
	}
}

func TestForwardingCannotSendAChunkedBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableForwardingHttpRequest": true})
	s.everything()
	for legacy, want := range map[bool]int{true: 500, false: 200} {
		r := s.start(host.Options{LegacyForward: legacy}).ready()
		response, err := http.Post(r.URL()+"/api/x", "text/plain", io.MultiReader(strings.NewReader("chunked")))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("legacy %v: %s, want %d", legacy, response.Status, want)
		}
	}
}

func TestJSONModeCarriesTheRequestAndTheOutput(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableProxyingHttpRequest": false})
	s.settings["FAKE_OUTPUT"] = `{"Outputs":{"res":{"statusCode":"201","headers":{"X-A":"b"},"body":{"n":1}}}}`
	s.http("Output", "albums/{id:int}/{page?}", "")
	s.http("Ok", "ok", "")
	s.http("Fail", "fail", "")
	r := s.start(host.Options{}).ready()
	response, body := r.do("POST", "/api/albums/7?q=x&q=y&code=secret", `{"name":"n","list":[1]}`, "Content-Type", "application/json", "X-B", "c")
	if response.StatusCode != 201 || body != `{"n":1}` || response.Header.Get("X-A") != "b" {
		t.Errorf("the answer is %s %v %q", response.Status, response.Header, body)
	}
	var sent struct {
		Data struct {
			Req struct {
				URL    string `json:"Url"`
				Method string
				Query  map[string]string
				Params map[string]any
				Body   string
			}
		}
		Metadata map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(r.calls("/Output")[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"id": "7", "page": nil}, sent.Data.Req.Params); diff != "" {
		t.Errorf("Params (-want +got):\n%s", diff)
	}
	if q := sent.Data.Req; q.Method != "POST" || q.Query["q"] != "x,y" || q.Body != `{"name":"n","list":[1]}` || !strings.HasSuffix(q.URL, "/api/albums/7?q=x&q=y&code=secret") {
		t.Errorf("Data.req = %+v", q)
	}
	if string(sent.Metadata["name"]) != `"\"n\""` || string(sent.Metadata["id"]) != `"\"7\""` || sent.Metadata["code"] != nil || sent.Metadata["list"] != nil {
		t.Errorf("Metadata = %s", sent.Metadata)
	}
	if response, body := r.do("GET", "/api/ok", ""); response.StatusCode != 200 || body != "{}" {
		t.Errorf("without an output: %s %q, want 200 {}", response.Status, body)
	}
	if response, body := r.do("GET", "/api/fail", ""); response.StatusCode != 500 || body != "" {
		t.Errorf("a failed call: %s %q, want an empty 500", response.Status, body)
	}
}

func TestFirstRouteInTheAlphabetWinsAndOtherMethodsAre404(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"extensions.http.routePrefix": "v1"})
	s.http("aGet", "things/{id:int}", `,"methods":["get"]`)
	s.http("bAny", "Things/{name:alpha}", "")
	s.http("cHidden", "things/{other:int}", `,"methods":["get"]`)
	s.http("dNamed", "", "")
	r := s.start(host.Options{}).ready()
	for _, c := range []struct{ method, path, function string }{
		{"GET", "/v1/things/7", "aGet"},
		{"POST", "/v1/things/7", ""},
		{"POST", "/V1/THINGS/abc", "bAny"},
		{"GET", "/v1/dnamed/", "dNamed"},
		{"GET", "/things/7", ""},
		{"GET", "/v1/things", ""},
		{"GET", "/aGet", ""},
	} {
		before := r.Invocations()
		response, _ := r.do(c.method, c.path, "")
		invoked := ""
		for name, count := range r.Invocations() {
			if count.Started > before[name].Started {
				invoked = name
			}
		}
		if invoked != c.function || (response.StatusCode == 404) != (c.function == "") {
			t.Errorf("%s %s: %s by %q, want %q", c.method, c.path, response.Status, invoked, c.function)
		}
	}
	if !r.log.has("function cHidden (v1/things/{other:int}) is hidden by aGet") {
		t.Error("no warning says that cHidden is hidden")
	}
}

func TestHomepageAnswersAtTheRootUnlessAFunctionDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{})
	if response, body := r.do("GET", "/", ""); response.StatusCode != 200 || !strings.Contains(body, "up and running") {
		t.Errorf("GET / = %s %q", response.Status, body)
	}
	own := newSite(t, map[string]any{"extensions.http.routePrefix": ""})
	own.everything()
	r = own.start(host.Options{}).ready()
	r.do("GET", "/", "")
	r.awaitCount("zAll", host.Count{Started: 1, Succeeded: 1})
}

func TestKeysAreAskedForOnlyWithEnableAuth(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.http("Anonymous", "anonymous", `,"authLevel":"anonymous"`)
	s.http("Function", "function", "")
	s.http("System", "system", `,"authLevel":"system"`)
	s.http("Admin", "admin", `,"authLevel":"admin"`)
	keys := host.Keys{Master: "m", System: []string{"s"}, Host: []string{"h"}, Function: map[string][]string{"function": {"f"}}}
	r := s.start(host.Options{EnableAuth: true, Keys: keys}).ready()
	for _, c := range []struct {
		path, key string
		status    int
	}{
		{"/api/anonymous", "", 200}, {"/api/anonymous", "wrong", 200},
		{"/api/function", "", 401}, {"/api/function", "wrong", 401}, {"/api/function", "s", 401},
		{"/api/function", "f", 200}, {"/api/function", "h", 200}, {"/api/function", "m", 200},
		{"/api/system", "h", 401}, {"/api/system", "s", 200}, {"/api/system", "m", 200},
		{"/api/admin", "h", 401}, {"/api/admin", "m", 200},
		{"/admin/host/status", "h", 401}, {"/admin/host/status", "m", 200},
	} {
		if response, _ := r.do("GET", c.path, "", "X-Functions-Key", c.key); response.StatusCode != c.status {
			t.Errorf("%s with header %q: %s, want %d", c.path, c.key, response.Status, c.status)
		}
		if response, _ := r.do("GET", c.path+"?code="+c.key, ""); response.StatusCode != c.status {
			t.Errorf("%s with code %q: %s, want %d", c.path, c.key, response.Status, c.status)
		}
	}
	open := s.start(host.Options{}).ready()
	if response, _ := open.do("GET", "/api/admin", ""); response.StatusCode != 200 {
		t.Errorf("without EnableAuth: %s", response.Status)
	}
}

func TestBodyOverTheLimitIs500(t *testing.T) {
	t.Parallel()
	for _, proxying := range []bool{true, false} {
		s := newSite(t, map[string]any{"customHandler.enableProxyingHttpRequest": proxying, "customHandler.enableForwardingHttpRequest": true})
		s.settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "10"
		s.everything()
		r := s.start(host.Options{}).ready()
		if response, _ := r.do("POST", "/api/x", "0123456789"); response.StatusCode != 200 {
			t.Errorf("proxying %v, ten bytes: %s", proxying, response.Status)
		}
		if response, _ := r.do("POST", "/api/x", "0123456789+"); response.StatusCode != 500 {
			t.Errorf("proxying %v, eleven bytes: %s, want 500 and not 413", proxying, response.Status)
		}
		response, err := http.Post(r.URL()+"/api/x", "text/plain", io.MultiReader(strings.NewReader("0123456789+")))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 500 {
			t.Errorf("proxying %v, eleven bytes in chunks: %s, want 500", proxying, response.Status)
		}
	}
}

func TestCORSAnswersPreflightsForAllowedOrigins(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{CORS: "https://a.example, https://b.example/", CORSCredentials: true}).ready()
	preflight := func(origin string) http.Header {
		response, _ := r.do("OPTIONS", "/api/x", "", "Origin", origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-a")
		if response.StatusCode != 204 {
			t.Errorf("preflight of %s: %s", origin, response.Status)
		}
		return response.Header
	}
	got := preflight("https://b.example")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://b.example", "Access-Control-Allow-Methods": "PUT",
		"Access-Control-Allow-Headers": "x-a", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
	} {
		if got.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Get(name), want)
		}
	}
	if got := preflight("https://c.example").Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a stranger is allowed: %q", got)
	}
	if n := r.Invocations()["zAll"].Started; n != 0 {
		t.Errorf("the handler saw %d preflights", n)
	}
	response, _ := r.do("GET", "/api/x", "", "Origin", "https://a.example")
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "https://a.example" {
		t.Errorf("a plain request: allowed origin %q", got)
	}
	every := s.start(host.Options{CORS: "*"}).ready()
	response, _ = every.do("GET", "/api/x", "", "Origin", "https://any.example")
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("with *: allowed origin %q", got)
	}
	none := s.start(host.Options{}).ready()
	none.do("OPTIONS", "/api/x", "", "Origin", "https://a.example", "Access-Control-Request-Method", "PUT")
	none.awaitCount("zAll", host.Count{Started: 1, Succeeded: 1})
}

func TestTooManyRequestsAre429AndCustomHeadersAreEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{
		"extensions.http.maxOutstandingRequests": 1, "extensions.http.maxConcurrentRequests": 1,
		"extensions.http.customHeaders": map[string]string{"X-Content-Type-Options": "nosniff"},
	})
	s.everything()
	r := s.start(host.Options{}).ready()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/api/hang", nil)
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	r.awaitCalls("/api/hang", 1)
	response, _ := r.do("GET", "/api/x", "")
	if response.StatusCode != 429 || response.Header.Get("X-Function-Scaleout") != "1" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the second request got %s with %v", response.Status, response.Header)
	}
	cancel()
	<-gone
	r.await("room for the next request", func() bool {
		response, _ := r.do("GET", "/api/x", "")
		return response.StatusCode == 200
	})
}

func TestAdminListsAndTriggersFunctions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	s.queue("Ok", "")
	s.timer("OkTimer", "0 0 0 1 1 *", "")
	r := s.start(host.Options{}).ready()
	var functions []struct{ Name string }
	_, body := r.do("GET", "/admin/functions", "")
	if err := json.Unmarshal([]byte(body), &functions); err != nil || len(functions) != 3 || functions[0].Name != "Ok" {
		t.Errorf("the list is %s, %v", body, err)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/admin/functions/ok", `{"input":"{\"id\":\"mine\"}"}`, 202},
		{"POST", "/admin/functions/OkTimer", `{}`, 202},
		{"POST", "/admin/functions/OkTimer", ``, 202},
		{"POST", "/admin/functions/OkTimer", `nonsense`, 400},
		{"POST", "/admin/functions/zAll", `{}`, 400},
		{"POST", "/admin/functions/nobody", `{}`, 404},
		{"GET", "/admin/functions/Ok", "", 200},
		{"GET", "/admin/host/ping", "", 200},
		{"POST", "/admin/host/ping", "", 200},
		{"GET", "/admin/elsewhere", "", 404},
	} {
		if response, _ := r.do(c.method, c.path, c.body); response.StatusCode != c.status {
			t.Errorf("%s %s: %s, want %d", c.method, c.path, response.Status, c.status)
		}
	}
	if _, body := r.do("GET", "/admin/host/status", ""); !strings.Contains(body, `"state":"Running"`) {
		t.Errorf("the status is %s", body)
	}
	sent := r.awaitCalls("/Ok", 1)[0].Body
	if !strings.Contains(sent, `"DequeueCount":"0"`) || !strings.Contains(sent, `"id":"\"mine\""`) {
		t.Errorf("the triggered message is %s", sent)
	}
	if sent := r.awaitCalls("/OkTimer", 2)[0].Body; !strings.Contains(sent, `"IsPastDue":false`) {
		t.Errorf("the triggered timer is %s", sent)
	}
}
