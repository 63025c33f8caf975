package trouble

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// keep is how many calls the history holds.
const keep = 20_000

// Call is a call that a service got.
type Call struct {
	Number     int           `json:"number"` // from 1, in the order in which they ended
	Time       time.Time     `json:"time"`   // when it began
	Service    string        `json:"service"`
	Method     string        `json:"method"`
	Path       string        `json:"path"`   // with the query, without its secrets
	Status     int           `json:"status"` // 0 if the connection broke before the service answered
	Duration   time.Duration `json:"durationNs"`
	Tenant     string        `json:"tenant,omitempty"`
	User       string        `json:"user,omitempty"`
	Trouble    string        `json:"trouble,omitempty"` // what the desk did: an Action
	Rule       int           `json:"rule,omitempty"`    // id of the rule that did it; 0 is chance
	RetryAfter string        `json:"retryAfter,omitempty"`
	RequestID  string        `json:"clientRequestId,omitempty"` // client-request-id of the caller
	Agent      string        `json:"userAgent,omitempty"`
	Trace      string        `json:"traceparent,omitempty"` // of the caller
}

// Filter selects calls. The zero value of a member selects all.
type Filter struct {
	Service string
	Method  string
	Path    *regexp.Regexp
	Tenant  string
	User    string
	Status  int
	Trouble string
	After   int // only calls with a greater Number
}

func (f Filter) match(c Call) bool {
	return (f.Service == "" || f.Service == c.Service) && (f.Method == "" || f.Method == c.Method) &&
		(f.Path == nil || f.Path.MatchString(c.Path)) && (f.Tenant == "" || f.Tenant == c.Tenant) &&
		(f.User == "" || f.User == c.User) && (f.Status == 0 || f.Status == c.Status) &&
		(f.Trouble == "" || f.Trouble == c.Trouble) && c.Number > f.After
}

// History returns the calls that a filter selects, oldest first. The desk keeps the last 20,000.
func (d *Desk) History(f Filter) []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []Call{}
	for i := range d.history {
		c := d.history[(d.oldest+i)%len(d.history)]
		if f.match(c) {
			found = append(found, c)
		}
	}
	return found
}

// Forget empties the history. Numbers go on.
func (d *Desk) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.history, d.oldest = nil, 0
}

func (d *Desk) record(
	service string, r *http.Request, t *tap, rule Rule, scripted bool, began time.Time, took time.Duration,
) {
	c := Call{
		Time:      began,
		Service:   service,
		Method:    r.Method,
		Path:      clean(r.URL),
		Status:    t.status,
		Duration:  took,
		Tenant:    t.tenant,
		User:      t.user,
		Trouble:   string(rule.Action),
		RequestID: r.Header.Get("client-request-id"),
		Agent:     r.UserAgent(),
		Trace:     r.Header.Get("traceparent"),
	}
	if t.status == 0 && rule.Action != Break {
		c.Status = http.StatusOK
	}
	if rule.Action != Break {
		c.RetryAfter = t.Header().Get("Retry-After")
	}
	if scripted {
		c.Rule = rule.ID
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	c.Number = d.calls
	if len(d.history) < keep {
		d.history = append(d.history, c)
		return
	}
	d.history[d.oldest] = c
	d.oldest = (d.oldest + 1) % keep
}

// secrets are the query parameters whose values nobody may read in the history.
var secrets = regexp.MustCompile(`(?i)^(tempauth|token|access_token|refresh_token|id_token|id_token_hint|code|` +
	`client_secret|client_assertion|assertion|guid|state|nonce|login_hint)$`)

// clean gives path and query of a URL without secrets.
func clean(u *url.URL) string {
	path := u.EscapedPath()
	if before, _, ok := strings.Cut(path, "/_api/v2.0/monitor/"); ok {
		path = before + "/_api/v2.0/monitor/***"
	}
	if u.RawQuery == "" {
		return path
	}
	var parts []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, hasValue := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if hasValue && (err != nil || secrets.MatchString(strings.TrimPrefix(plain, "$"))) {
			part = name + "=***"
		}
		parts = append(parts, part)
	}
	return path + "?" + strings.Join(parts, "&")
}
