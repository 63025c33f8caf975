package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// maxBatch is how many requests a batch may hold (https://learn.microsoft.com/graph/json-batching).
const maxBatch = 20

// inner is one request of a batch.
type inner struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// innerAnswer is the answer to one request of a batch.
type innerAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

// batch answers POST /$batch (row 20): 200 even if every request in it fails.
func (c *call) batch(rest []string) (answer, *failure) {
	if len(rest) > 0 {
		return answer{}, errSegment(rest[0])
	}
	if c.r.Method != http.MethodPost {
		return answer{}, errMethod()
	}
	if f := c.readBody(); f != nil {
		return answer{}, f
	}
	var body struct {
		Requests []inner `json:"requests"`
	}
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	for i, one := range body.Requests {
		if string(one.Body) == "null" {
			body.Requests[i].Body = nil
		}
	}
	if f := checkBatch(body.Requests); f != nil {
		return answer{}, f
	}
	answers := []innerAnswer{}
	status := map[string]int{}
	for _, one := range body.Requests {
		a := c.runInner(one, status)
		status[one.ID] = a.Status
		answers = append(answers, a)
	}
	return ok(map[string]any{"responses": answers})
}

func checkBatch(requests []inner) *failure {
	wrong := func(message string) *failure { return fail(http.StatusBadRequest, "BadRequest", "%s", message) }
	if len(requests) == 0 {
		return wrong("Invalid batch payload format.")
	}
	if len(requests) > maxBatch {
		return wrong("Number of batch request steps exceeds the maximum value of 20.")
	}
	var ids []string
	for _, one := range requests {
		url := strings.TrimPrefix(one.URL, "/")
		switch {
		case one.ID == "" || one.Method == "" || url == "":
			return wrong("Invalid batch payload format.")
		case slices.Contains(ids, one.ID):
			return wrong("Request ids in a batch must be unique.")
		case strings.Contains(one.URL, "://") || strings.HasPrefix(url, "v1.0/") || strings.HasPrefix(url, "$batch"):
			return wrong("Batch request url must be relative to the version: " + one.URL)
		case slices.ContainsFunc(one.DependsOn, func(id string) bool { return !slices.Contains(ids, id) }):
			return wrong("dependsOn names a request that does not come before.")
		case len(one.Body) > 0 && header(one.Headers, "Content-Type") == "":
			return wrong("Batch request with a body needs a Content-Type header.")
		}
		ids = append(ids, one.ID)
	}
	return nil
}

func header(headers map[string]string, name string) string {
	for key, value := range headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// runInner runs one request with the identity of the batch.
func (c *call) runInner(one inner, status map[string]int) innerAnswer {
	for _, id := range one.DependsOn {
		if status[id] >= 400 {
			return innerFailure(one.ID, http.StatusFailedDependency, "FailedDependency",
				"A request that this one depends on failed.")
		}
	}
	body := []byte(one.Body)
	isJSON := strings.HasPrefix(header(one.Headers, "Content-Type"), "application/json")
	if len(body) > 0 && !isJSON {
		var text string
		decoded, err := []byte(nil), json.Unmarshal(body, &text)
		if err == nil {
			decoded, err = base64.StdEncoding.DecodeString(text)
		}
		if err != nil {
			return innerFailure(one.ID, http.StatusBadRequest, "BadRequest",
				"The body of a request that is not JSON must be base64.")
		}
		body = decoded
	}
	url := c.options.BaseURL + "/v1.0/" + strings.TrimPrefix(one.URL, "/")
	r, err := http.NewRequestWithContext(c.r.Context(), strings.ToUpper(one.Method), url, bytes.NewReader(body))
	if err != nil {
		return innerFailure(one.ID, http.StatusBadRequest, "BadRequest", "The url is not valid.")
	}
	for key, value := range one.Headers {
		r.Header.Set(key, value)
	}
	r.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	w := &recorder{header: http.Header{}}
	c.inner.ServeHTTP(w, r)
	return w.answer(one.ID)
}

func innerFailure(id string, status int, code, message string) innerAnswer {
	return innerAnswer{ID: id, Status: status,
		Body: map[string]any{"error": map[string]any{"code": code, "message": message}}}
}

// recorder takes the answer to an inner request.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// answer gives what was recorded in the form of a batch: JSON as it is, everything else as base64.
func (w *recorder) answer(id string) innerAnswer {
	w.WriteHeader(http.StatusOK)
	a := innerAnswer{ID: id, Status: w.status, Headers: map[string]string{}}
	for _, name := range []string{"Location", "Retry-After", "Content-Type", "Cache-Control", "WWW-Authenticate",
		"ETag"} {
		if value := w.header.Get(name); value != "" {
			a.Headers[name] = value
		}
	}
	switch {
	case w.body.Len() == 0:
	case strings.HasPrefix(w.header.Get("Content-Type"), "application/json"):
		a.Body = json.RawMessage(bytes.TrimSpace(w.body.Bytes()))
	default:
		a.Body = base64.StdEncoding.EncodeToString(w.body.Bytes())
	}
	return a
}
