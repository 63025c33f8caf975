package invoke_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzEnvelope holds what the host needs of every answer, whatever it was sent: a JSON object, and 200 or 500.
func FuzzEnvelope(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recorded payloads: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	h, _ := queueFunction(done)
	f.Fuzz(func(t *testing.T, body string) {
		out := httptest.NewRecorder()
		h.ServeHTTP(out, hostCall(body))
		var object map[string]any
		if err := json.Unmarshal(out.Body.Bytes(), &object); err != nil || object == nil {
			t.Errorf("the answer is no JSON object: %q", out.Body)
		}
		if out.Code != http.StatusOK && out.Code != http.StatusInternalServerError {
			t.Errorf("status %d", out.Code)
		}
	})
}

// hostCall is the host's call of Scrape.
func hostCall(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/Scrape", strings.NewReader(body))
	r.Host, r.ContentLength, r.TransferEncoding = address, -1, []string{"chunked"}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Azure-Functions-Host/4.1037.0.0")
	r.Header.Set("X-Azure-Functions-InvocationId", "i")
	return r
}
