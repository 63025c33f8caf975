package graph_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
)

func (w *world) batch(status int, requests ...map[string]any) map[string]reply {
	w.t.Helper()
	r := w.ask(status, "POST", "/$batch", map[string]any{"requests": requests})
	answers := map[string]reply{}
	list, _ := r.at("responses").([]any)
	for _, e := range list {
		m := e.(map[string]any)
		answers[m["id"].(string)] = reply{status: int(m["status"].(float64)), json: m}
	}
	return answers
}

// Row 20.
func TestABatchAnswersEachRequestForItself(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	got := w.batch(http.StatusOK,
		map[string]any{
			"id":      "1",
			"method":  "GET",
			"url":     w.item(it) + "?$select=id",
			"headers": map[string]string{},
			"body":    nil,
		},
		map[string]any{"id": "2", "method": "GET", "url": strings.TrimPrefix(w.item(it), "/") + "/content"},
		map[string]any{"id": "3", "method": "GET", "url": w.drive + "/items/none"},
		map[string]any{"id": "4", "method": "GET", "url": w.item(it), "dependsOn": []string{"3"}},
		map[string]any{"id": "5", "method": "GET", "url": w.item(it), "dependsOn": []string{"4"}},
		map[string]any{
			"id":      "6",
			"method":  "PUT",
			"url":     w.drive + "/root:/b.jpg:/content",
			"headers": map[string]string{"Content-Type": "image/jpeg"},
			"body":    base64.StdEncoding.EncodeToString([]byte("binary")),
		},
		map[string]any{
			"id":      "7",
			"method":  "PATCH",
			"url":     w.item(it),
			"headers": map[string]string{"Content-Type": "application/json", "If-Match": `"stale"`},
			"body":    map[string]any{"name": "c.jpg"},
		},
		map[string]any{
			"id":        "8",
			"method":    "PATCH",
			"url":       w.item(it),
			"headers":   map[string]string{"content-type": "application/json"},
			"body":      map[string]any{"name": "c.jpg"},
			"dependsOn": []string{"1"},
		},
		map[string]any{"id": "9", "method": "DELETE", "url": w.item(it)},
	)
	for id, status := range map[string]int{
		"1": 200,
		"2": 302,
		"3": 404,
		"4": 424,
		"5": 424,
		"6": 201,
		"7": 412,
		"8": 200,
		"9": 204,
	} {
		if got[id].status != status {
			t.Errorf("%s: %v", id, got[id].json)
		}
	}
	if got["1"].text("body", "id") != it.ID || got["3"].text("body", "error", "code") != "itemNotFound" {
		t.Errorf("bodies %v, %v", got["1"].json, got["3"].json)
	}
	if !strings.Contains(got["2"].text("headers", "Location"), "tempauth=") {
		t.Errorf("redirect %v", got["2"].json)
	}
	if b, err := w.Item(w.site.DriveID, "b.jpg"); err != nil || b.Size != 6 {
		t.Errorf("binary upload: %v, %v", b, err)
	}
}

func TestABatchWithAFaultIsRefusedWhole(t *testing.T) {
	t.Parallel()
	w := open(t)
	get := func(id string) map[string]any { return map[string]any{"id": id, "method": "GET", "url": "/me"} }
	var many []map[string]any
	for i := range 21 {
		many = append(many, get(fmt.Sprint(i)))
	}
	w.batch(http.StatusBadRequest, many...)
	w.batch(http.StatusOK, many[:20]...)
	w.batch(http.StatusBadRequest)
	w.batch(http.StatusBadRequest, get("1"), get("1"))
	w.batch(http.StatusBadRequest, map[string]any{"id": "1", "method": "GET", "url": w.base + "/me"})
	w.batch(http.StatusBadRequest, map[string]any{"id": "1", "method": "GET", "url": "/me", "dependsOn": []string{"2"}})
	w.batch(http.StatusBadRequest, map[string]any{"id": "1", "method": "POST", "url": "/$batch"})
	w.batch(http.StatusBadRequest, map[string]any{
		"id":     "1",
		"method": "PATCH",
		"url":    w.drive + "/root",
		"body":   map[string]any{},
	})
	if r := w.do(
		request{method: "POST", url: "/$batch",
			body: map[string]any{"requests": many[:1]}}); r.status != http.StatusUnauthorized {
		t.Errorf("no token: %d", r.status)
	}
}

func TestTroubleReachesTheRequestsInsideABatch(t *testing.T) {
	t.Parallel()
	d := directory.New()
	d.PutTenant(directory.Tenant{ID: contoso, Domain: "contoso"})
	if err := d.PutUser(directory.User{Tenant: contoso, ID: ada}); err != nil {
		t.Fatal(err)
	}
	g, err := graph.New(graph.Options{
		Directory:     d,
		Tokens:        tokens{},
		BaseURL:       "http://graph.test",
		SharePointURL: "http://point.test",
		ContentDir:    t.TempDir(),
		Kind:          true,
		Inner: func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(http.StatusTooManyRequests)
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/v1.0/$batch",
		strings.NewReader(`{"requests":[{"id":"1","method":"GET","url":"/me"}]}`))
	r.Header.Set("Authorization", "Bearer "+asAda)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"status":429`) ||
		!strings.Contains(w.Body.String(), `"Retry-After":"3"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
