package trouble

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// drain is how much of a refused request's body is read and thrown away, in bytes.
const drain = 64 << 20

// Wrap puts the desk before a service, whose name stands in rules and in the history. A handler behind it
// can say whom a call is for: its http.ResponseWriter has the method Identify(tenant, user string).
func (d *Desk) Wrap(service string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rule, scripted := d.plan(service, r)
		t := &tap{w: w, room: -1}
		if rule.Action == Lose {
			t.lost = true
		}
		if rule.Action == Truncate {
			t.room = rule.Bytes
		}
		began, started := d.now(), time.Now()
		defer func() {
			d.record(service, r, t, rule, scripted, began, time.Since(started))
		}()
		if rule.Delay > 0 {
			select {
			case <-time.After(rule.Delay):
			case <-r.Context().Done():
			}
		}
		switch rule.Action {
		case Break:
			panic(http.ErrAbortHandler)
		case Fail:
			// A client that is still sending would see a broken connection instead of the answer.
			_, _ = io.CopyN(io.Discard, r.Body, drain)
			refuse(t, service, rule)
		default:
			next.ServeHTTP(t, r)
		}
		if t.lost || t.cut {
			t.flush()
			panic(http.ErrAbortHandler)
		}
	})
}

// tap is the ResponseWriter between a service and its client.
type tap struct {
	w            http.ResponseWriter
	status       int
	tenant, user string
	lost         bool  // nothing gets out
	room         int64 // how many bytes of the body get out; -1 is all
	cut          bool  // some did not
	hidden       http.Header
}

// Identify notes whom the call is for.
func (t *tap) Identify(tenant, user string) {
	t.tenant, t.user = tenant, user
	if outer, ok := t.w.(interface{ Identify(tenant, user string) }); ok {
		outer.Identify(tenant, user)
	}
}

// Header returns the headers of the answer, which get lost if the answer does.
func (t *tap) Header() http.Header {
	if !t.lost {
		return t.w.Header()
	}
	if t.hidden == nil {
		t.hidden = http.Header{}
	}
	return t.hidden
}

// WriteHeader sends the status.
func (t *tap) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	if !t.lost {
		t.w.WriteHeader(status)
	}
}

var errCut = errors.New("trouble: the answer is cut off here")

// Write sends a part of the body.
func (t *tap) Write(p []byte) (int, error) {
	if t.status == 0 {
		t.WriteHeader(http.StatusOK)
	}
	if t.lost {
		return len(p), nil
	}
	if t.room < 0 {
		return t.w.Write(p)
	}
	n := min(int64(len(p)), t.room)
	t.room -= n
	written, err := t.w.Write(p[:n])
	if err == nil && n < int64(len(p)) {
		t.cut, err = true, errCut
	}
	return written, err
}

// flush sends what was written, so that a client sees it before the connection breaks.
func (t *tap) flush() {
	if !t.lost {
		_ = http.NewResponseController(t.w).Flush()
	}
}

// Unwrap lets http.ResponseController reach the server's writer, unless that would get around the trouble.
func (t *tap) Unwrap() http.ResponseWriter {
	if t.lost || t.room >= 0 {
		return nil
	}
	return t.w
}

// codes are what the services call the statuses that rules use most.
var codes = map[int]string{
	http.StatusUnauthorized: "InvalidAuthenticationToken", http.StatusForbidden: "accessDenied",
	http.StatusNotFound: "itemNotFound", http.StatusConflict: "resourceModified", http.StatusGone: "resyncRequired",
	http.StatusPreconditionFailed: "resourceModified", http.StatusLocked: "resourceLocked",
	http.StatusTooManyRequests: "activityLimitReached", http.StatusInternalServerError: "generalException",
	http.StatusBadGateway: "badGateway", http.StatusServiceUnavailable: "serviceNotAvailable",
	http.StatusGatewayTimeout: "gatewayTimeout", http.StatusInsufficientStorage: "quotaLimitReached",
}

// refuse answers with the failure of a rule, in the words of the service.
func refuse(w http.ResponseWriter, service string, r Rule) {
	status, code, message := r.Status, r.Code, r.Message
	if status == 0 {
		status = http.StatusTooManyRequests
	}
	if code == "" {
		code = codes[status]
	}
	if message == "" {
		message = fmt.Sprintf("The request was refused: %s.", http.StatusText(status))
	}
	for name, values := range r.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((r.RetryAfter+time.Second-1)/time.Second)))
	}
	w.Header().Set("Content-Type", "application/json")
	body := graphBody(w, status, code, message)
	if service == "entra" {
		body = entraBody(r.Code, message)
	}
	data, _ := json.Marshal(body) //nolint:errcheck // strings only
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// graphBody is the error of Graph and of SharePoint's API
// (https://learn.microsoft.com/graph/errors).
func graphBody(w http.ResponseWriter, status int, code, message string) any {
	inner := map[string]any{"date": time.Now().UTC().Format("2006-01-02T15:04:05"),
		"request-id": "00000000-0000-4000-8000-000000000000"}
	if status == http.StatusTooManyRequests {
		inner["code"] = "throttledRequest"
		inner["innerError"] = map[string]any{"code": "quota"}
	}
	w.Header().Set("request-id", "00000000-0000-4000-8000-000000000000")
	return map[string]any{"error": map[string]any{"code": code, "message": message, "innerError": inner}}
}

// entraBody is the error of the token endpoint.
func entraBody(code, message string) any {
	if code == "" {
		code = "temporarily_unavailable"
	}
	return map[string]any{
		"error": code, "error_description": "AADSTS90033: " + message, "error_codes": []int{90033},
		"timestamp":      time.Now().UTC().Format("2006-01-02 15:04:05Z"),
		"trace_id":       "00000000-0000-4000-8000-000000000000",
		"correlation_id": "00000000-0000-4000-8000-000000000000",
	}
}
