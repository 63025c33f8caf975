// Package trouble stands between clients and the services of the sandbox. It keeps a history of the calls
// and makes trouble: by rules that a test writes, and at random as clouds do: throttling, broken
// connections, answers that get lost after the work was done, delays.
//
// It does not know what the services do, and keeps no bodies, tokens or other secrets.
package trouble

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Options are what New needs.
type Options struct {
	Seed uint64           // of chances and delays
	Kind bool             // no random trouble; rules still count
	Now  func() time.Time // time.Now if nil
}

// Action is what a rule does to a call.
type Action string

// The actions.
const (
	Fail     Action = "fail"     // answers with Status, without doing the work
	Delay    Action = "delay"    // waits Delay, then does the work
	Break    Action = "break"    // breaks the connection before the work
	Lose     Action = "lose"     // does the work, then breaks the connection instead of answering
	Truncate Action = "truncate" // does the work, breaks the connection after Bytes of the body
)

// Rule makes trouble for some calls. The zero value of a member that selects calls selects all.
type Rule struct {
	ID      int    // given by Add
	Service string // "entra", "graph", "sharepoint"
	Method  string
	Path    string // regular expression on the path as it was sent, without the query
	Skip    int    // lets so many matching calls pass first
	Times   int    // strikes so many calls; 0 is once, -1 is always
	Action  Action

	Status     int           // of Fail; 429 if 0
	Code       string        // of Fail: the error code; by status if empty
	Message    string        // of Fail
	RetryAfter time.Duration // of Fail: whole seconds; 0 sends no header
	Header     http.Header   // of Fail: further headers
	Delay      time.Duration // of Delay, and before every other action
	Bytes      int64         // of Truncate: how much of the body is sent

	// Struck counts the calls that the rule has hit. List fills it in.
	Struck int

	path *regexp.Regexp
}

// Unkindness is the trouble that comes by itself. Chances are from 0 (never) to 1 (always).
type Unkindness struct {
	Throttle float64       // a 429 or 503 with Retry-After of one or two seconds, the work undone
	Break    float64       // a connection that breaks before the work
	Fail     float64       // a 500, 502 or 504, the work undone
	Lose     float64       // a connection that breaks after the work
	Delay    time.Duration // calls are delayed by up to this
	Slow     float64       // how many calls are delayed; 0: all
	Services []string      // the services that are struck; all if empty
}

// Usual is the unkindness of a desk that was not told to be kind.
func Usual() Unkindness {
	return Unkindness{Throttle: 0.02, Break: 0.005, Lose: 0.005, Delay: 20 * time.Millisecond}
}

// Desk makes the trouble and keeps the history. It is safe for concurrent use.
type Desk struct {
	now func() time.Time

	mu      sync.Mutex
	random  *rand.Rand
	unkind  Unkindness
	rules   []*Rule
	lastID  int
	history []Call // a ring, once it is full
	oldest  int    // where the ring begins
	calls   int    // ever recorded
}

// New returns a desk without rules.
func New(o Options) *Desk {
	d := &Desk{now: o.Now, random: rand.New(rand.NewPCG(o.Seed, 0x74726f75))}
	if d.now == nil {
		d.now = time.Now
	}
	if !o.Kind {
		d.unkind = Usual()
	}
	return d
}

// Add adds a rule behind those that are there and returns its id. Of several rules that match a call the
// first counts.
func (d *Desk) Add(r Rule) (int, error) {
	if !slices.Contains([]Action{Fail, Delay, Break, Lose, Truncate}, r.Action) {
		return 0, fmt.Errorf("trouble: unknown action %q", r.Action)
	}
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		return 0, fmt.Errorf("trouble: %d is no status of a failure", r.Status)
	}
	if r.Skip < 0 || r.Times < -1 || r.Delay < 0 || r.Bytes < 0 || r.RetryAfter < 0 {
		return 0, errors.New("trouble: a number of the rule is negative")
	}
	var err error
	if r.path, err = regexp.Compile(r.Path); err != nil {
		return 0, fmt.Errorf("trouble: path: %w", err)
	}
	if r.Times == 0 {
		r.Times = 1
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastID++
	r.ID, r.Struck = d.lastID, 0
	d.rules = append(d.rules, &r)
	return r.ID, nil
}

// Rules lists the rules, spent ones too.
func (d *Desk) Rules() []Rule {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := []Rule{}
	for _, r := range d.rules {
		all = append(all, *r)
	}
	return all
}

// Clear removes all rules.
func (d *Desk) Clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rules = nil
}

// Set replaces the unkindness; the zero value is kind.
func (d *Desk) Set(u Unkindness) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unkind = u
}

// Unkindness returns the unkindness in force.
func (d *Desk) Unkindness() Unkindness {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unkind
}

// plan decides what happens to a call: a rule that hits it, or a rule made up by chance. scripted is false
// for the latter.
func (d *Desk) plan(service string, r *http.Request) (rule Rule, scripted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, have := range d.rules {
		if have.Service != "" && have.Service != service || have.Method != "" && have.Method != r.Method ||
			!have.path.MatchString(r.URL.EscapedPath()) {
			continue
		}
		if have.Skip > 0 {
			have.Skip--
			continue
		}
		if have.Times < 0 || have.Struck < have.Times {
			have.Struck++
			return *have, true
		}
	}
	return d.chance(service), false
}

// chance draws what happens by itself. mu is held.
func (d *Desk) chance(service string) Rule {
	u := d.unkind
	if len(u.Services) > 0 && !slices.Contains(u.Services, service) {
		return Rule{}
	}
	var r Rule
	if u.Delay > 0 && (u.Slow == 0 || d.random.Float64() < u.Slow) {
		r.Action, r.Delay = Delay, time.Duration(d.random.Int64N(int64(u.Delay)+1))
	}
	switch n := d.random.Float64(); {
	case n < u.Throttle:
		r.Action, r.Status = Fail, http.StatusTooManyRequests
		if d.random.IntN(3) == 0 {
			r.Status = http.StatusServiceUnavailable
		}
		r.RetryAfter = time.Duration(1+d.random.IntN(2)) * time.Second
	case n < u.Throttle+u.Break:
		r.Action = Break
	case n < u.Throttle+u.Break+u.Lose:
		r.Action = Lose
	case n < u.Throttle+u.Break+u.Lose+u.Fail:
		statuses := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}
		r.Action, r.Status = Fail, statuses[d.random.IntN(len(statuses))]
	}
	return r
}
