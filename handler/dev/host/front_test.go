package host_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"imagepro/handler/dev/host"
)

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
	keys := host.Keys{
		Master:   "m",
		System:   []string{"s"},
		Host:     []string{"h"},
		Function: map[string][]string{"function": {"f"}},
	}
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
		s := newSite(
			t, map[string]any{"customHandler.enableProxyingHttpRequest": proxying,
				"customHandler.enableForwardingHttpRequest": true})
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
		response, _ := r.do("OPTIONS", "/api/x", "", "Origin", origin, "Access-Control-Request-Method", "PUT",
			"Access-Control-Request-Headers", "x-a")
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
	hangUp := r.hang()
	response, _ := r.do("GET", "/api/x", "")
	if response.StatusCode != 429 || response.Header.Get("X-Function-Scaleout") != "1" ||
		response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the second request got %s with %v", response.Status, response.Header)
	}
	hangUp()
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
