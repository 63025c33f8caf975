package host_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/host"
)

func TestProxyKeepsTheRequestAndSetsItsOwnIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableForwardingHttpRequest": true}) // proxying wins
	s.everything()
	r := s.start(host.Options{}).ready()
	const path, sent = "/api/Some%2Fthing/%3F%23/x", "/api/Some%252Fthing/%3F%23/x"
	response, body := r.do("PUT", path+"?a=1&a=2&flag&b=%zz;c", "the body",
		"Host", "public.example", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https", "Forwarded", "for=x",
		"X-Azure-Functions-InvocationId", "forged", "X-Ms-Invocation-Id", "forged", "User-Agent", "client",
		"Content-Encoding", "gzip", "Cookie", "a=b", "Traceparent",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if response.StatusCode != 200 || body != "the body" {
		t.Fatalf("the answer is %s %q", response.Status, body)
	}
	c := r.awaitCalls(sent, 1)[0]
	got := map[string]string{"method": c.Method, "query": c.RawQuery}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "User-Agent",
		"Content-Encoding", "Cookie"} {
		got[name] = strings.Join(c.Header.Values(name), "|")
	}
	want := map[string]string{
		"method": "PUT", "query": "a=1&a=2&flag&b=%zz;c", "X-Forwarded-For": "127.0.0.1",
		"X-Forwarded-Host":  "public.example",
		"X-Forwarded-Proto": "http", "Forwarded": "for=x", "User-Agent": "client", "Content-Encoding": "gzip",
		"Cookie": "a=b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the handler saw (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(c.Host, "127.0.0.1:") {
		t.Errorf("the host is %s, want the handler's own address", c.Host)
	}
	id := c.Header.Values("X-Azure-Functions-Invocationid")
	if len(id) != 1 || len(id[0]) != 36 || c.Header.Get("X-Ms-Invocation-Id") != id[0] ||
		c.Header.Get("X-Azure-Functions-Hostversion") == "" {
		t.Errorf("identity headers: %v", c.Header)
	}
	trace := c.Header.Get("Traceparent")
	if !strings.HasPrefix(trace, "00-0af7651916cd43dd8448eb211c80319c-") ||
		strings.Contains(trace, "b7ad6b7169203331") {
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

func TestAnswerThatACrashCutsOffIsAFailure(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	response, err := http.Get(r.URL() + "/api/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := syscall.Kill(r.HandlerPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the client got %q and no error", text)
	}
	r.awaitCount("zAll", host.Count{Started: 1, Failed: 1})
}

func TestProxyTellsTheHandlerThatTheClientWentAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	hangUp := r.hang()
	hangUp()
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
	response, body := r.do("POST", "/api/a%20b%3Fcut/off?a=1&A=2&flag", "the body", "Host", "public.example", "X-Twice",
		"a", "X-Twice", "b",
		"X-Azure-Functions-InvocationId", "first", "User-Agent", "client", "Content-Encoding", "gzip",
		"X-Functions-Key", "k",
		"Content-Type", "text/plain")
	if response.StatusCode != 200 || body != "the body" {
		t.Fatalf("the answer is %s %q", response.Status, body)
	}
	c := r.awaitCalls("/api/a%20b", 1)[0]
	if c.RawQuery != "a=1,2&flag=" || c.Host != "public.example" || c.Length != 8 {
		t.Errorf("query %q, host %q, length %d", c.RawQuery, c.Host, c.Length)
	}
	id := c.Header.Values("X-Azure-Functions-Invocationid")
	if len(id) != 2 || id[0] != "first" || len(id[1]) != 36 {
		t.Errorf("invocation ids %v, want the client's first and the host's last", id)
	}
	if agent := c.Header.Get("User-Agent"); !strings.HasPrefix(agent, "client Azure-Functions-Host/4.") {
		t.Errorf("user agent %q", agent)
	}
	if c.Header.Get("Content-Encoding") != "" || c.Header.Get("Content-Type") != "text/plain" ||
		c.Header.Get("X-Functions-Key") != "k" || c.Header.Get("X-Twice") != "a, b" {
		t.Errorf("headers %v: Content-Encoding is lost, the others stay", c.Header)
	}
	for _, path := range []string{"/api/foreign", "/api/reset"} {
		if response, _ := r.do("GET", path, ""); response.StatusCode != 500 {
			t.Errorf("%s: %s, want 500", path, response.Status)
		}
	}
	if response, _ := r.do("GET", "/api/status/302", ""); response.StatusCode != 302 ||
		len(response.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("the answer is %s with %v", response.Status, response.Header)
	}
}

func TestARequestThatIsNotAnsweredIsAskedAgainUnlessItHasABody(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.enableForwardingHttpRequest": true})
	s.everything()
	for legacy, want := range map[bool]int{true: 4, false: 10} {
		r := s.start(host.Options{LegacyForward: legacy}).ready()
		for _, method := range []string{"GET", "POST", "DELETE"} {
			before := len(r.calls("/api/hangup"))
			if response, _ := r.do(method, "/api/hangup", ""); response.StatusCode != 500 {
				t.Errorf("legacy %v: %s, want 500", legacy, response.Status)
			}
			r.await("the calls", func() bool { return len(r.calls("/api/hangup")) >= before+want })
			calls := r.calls("/api/hangup")[before:]
			if id := "X-Azure-Functions-Invocationid"; len(calls) != want ||
				calls[0].Header.Get(id) != calls[want-1].Header.Get(id) {
				t.Errorf("legacy %v: %s was asked %d times, want %d under one id", legacy, method, len(calls), want)
			}
		}
		r.do("POST", "/api/hangup/body", "the body")
		if calls := r.awaitCalls("/api/hangup/body", 1); len(calls) != 1 {
			t.Errorf("legacy %v: a request with a body was asked %d times, want once", legacy, len(calls))
		}
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
	response, body := r.do("POST", "/api/albums/7?q=x&q=y&code=secret", `{"name":"n","list":[1]}`, "Content-Type",
		"application/json", "X-B", "c")
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
	if err := json.Unmarshal([]byte(r.awaitCalls("/Output", 1)[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"id": "7", "page": nil}, sent.Data.Req.Params); diff != "" {
		t.Errorf("Params (-want +got):\n%s", diff)
	}
	if q := sent.Data.Req; q.Method != "POST" || q.Query["q"] != "x,y" || q.Body != `{"name":"n","list":[1]}` ||
		!strings.HasSuffix(q.URL, "/api/albums/7?q=x&q=y&code=secret") {
		t.Errorf("Data.req = %+v", q)
	}
	if string(sent.Metadata["name"]) != `"\"n\""` || string(sent.Metadata["id"]) != `"\"7\""` ||
		sent.Metadata["code"] != nil || sent.Metadata["list"] != nil {
		t.Errorf("Metadata = %s", sent.Metadata)
	}
	if response, body := r.do("GET", "/api/ok", ""); response.StatusCode != 200 || body != "{}" {
		t.Errorf("without an output: %s %q, want 200 {}", response.Status, body)
	}
	if response, body := r.do("GET", "/api/fail", ""); response.StatusCode != 500 || body != "" {
		t.Errorf("a failed call: %s %q, want an empty 500", response.Status, body)
	}
}
