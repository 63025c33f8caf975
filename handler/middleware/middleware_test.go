package middleware_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagepro/handler/middleware"
)

func TestPathsThatOthersReadInAnotherWayAreNotPlain(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/api/tabs": true, "/api/drives/b!-A_b/items": true, "/api/images/a/b/versions/1.0/content": true,
		"/api/a%20b/%C3%A4":               true,
		"/api/contoso.sharepoint.com,1,2": true, "/api/100%25": true,
		`/api/..\x`: false, "/api/..%5cx": false, "/api/..%5Cx": false, "/api/a%2fb": false, "/api/a%2Fb": false,
		"/api/%2e%2e/x":     false,
		"/api/%252e%252e/x": false, "/api/..%255cx": false, "/api/a%252Fb": false, "/api/%25252e%25252e/x": false,
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := middleware.IsPlainPath(u); got != want {
			t.Errorf("%s: plain %v, want %v", path, got, want)
		}
	}
}

// rescued serves with a handler that may panic and returns status, body, and how reading it ended.
func rescued(t *testing.T, do http.HandlerFunc) (status int, body string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &middleware.Recorder{ResponseWriter: w}
		defer middleware.Rescue(r.Context(), recorder, func() {
			http.Error(recorder, "sorry", http.StatusInternalServerError)
		})
		do(recorder, r)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("there is no answer: %v", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func TestAPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"index out of range", http.ErrAbortHandler} {
		status, body, err := rescued(t, func(http.ResponseWriter, *http.Request) { panic(value) })
		if status != http.StatusInternalServerError || !strings.Contains(body, "sorry") || err != nil {
			t.Errorf("%v: %d %q, %v", value, status, body, err)
		}
	}
}

func TestAPanicInAnAnswerBreaksItOff(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"index out of range", http.ErrAbortHandler} {
		status, body, err := rescued(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(value)
		})
		if status != http.StatusOK || body != "half" || err == nil {
			t.Errorf("%v: %d %q, %v: want half of the answer and an error", value, status, body, err)
		}
	}
}

func TestABodyIsReadForAsLongAsTheContextLives(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
		defer cancel()
		defer middleware.BoundBody(ctx, w, r)()
		_, err := io.ReadAll(r.Body)
		ended <- err
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	body, never := io.Pipe()
	defer never.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := <-ended; err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, reading ended with %v", response.StatusCode, err)
	}
}
