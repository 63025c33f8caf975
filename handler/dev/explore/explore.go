// Package explore tries bulk edits under orders of steps that no other test thinks of. The real code of bulk runs on a
// store and a SharePoint library in memory. Every call to the outside stops at a scheduler, which decides by chance,
// from a seed, which of two workers, planners, a sweep and a user goes on, and what becomes of the call: it may be
// carried out and its answer lost, be refused, come late, or be the last that its process does. Between calls messages
// are delivered twice, people save and rename files, sessions die, and time passes.
//
// The promises of the bulk edit are checked at each save and at the end. The same seed gives the same run, whose trace
// shows how a promise was broken.
package explore

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/imaging"
)

// Result is what a run came to.
type Result struct {
	Steps    int
	Scenario string
	Problems []string // promises that were broken; none if all was right
	Trace    []string
}

// Run tries one order of steps, which comes from the seed.
func Run(t *testing.T, seed uint64) (result Result) {
	synctest.Test(t, func(*testing.T) {
		r := newRun(seed)
		r.run()
		result = Result{r.s.steps, r.scenario.name, r.s.problems, r.s.trace}
	})
	return result
}

// message is a message of a queue.
type message struct {
	Job      string `json:"job"`
	queue    string
	body     []byte
	at       time.Time // when it is visible
	times    int       // it was given out
	handlers []*actor
}

func (m *message) String() string { return m.queue + " " + string(m.body) }

// run is everything of one run.
type run struct {
	s        *scheduler
	store    *store
	library  *library
	messages []*message
	parts    map[string]*parts // by process
	scenario scenario
	todo     []request // of the user
	asking   *actor    // a request of the user's that is under way
	idle     int       // for so many steps the user waits before the next
	jobs     []string  // that the user has submitted, by the requests' order

	doubles, saves, renames, moves, sessions, sweeps int // how many more there may be
	// that the host gives a message out before it is one for whoever gives it up
	maxTimes        int
	restarts, helps int
	renamed         bool
	results         map[string][]string // hashes of what the recipes make of a content, by its hash
}

// parts are what a process consists of.
type parts struct {
	process *process
	worker  *bulk.Worker
	planner *bulk.Planner
	sweeper *bulk.Sweeper
	service *bulk.Service
}

const (
	images  = 3
	lease   = 10 * time.Minute // that a message of a killed process stays invisible, at the most
	runTime = 10 * time.Minute // that the host lets an invocation run
)

func newRun(seed uint64) *run {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := &scheduler{rng: rng}
	s.sticky = []float64{0, 0.5, 0.9, 0.97}[rng.IntN(4)]
	s.hold = []float64{0, 0.02, 0.1}[rng.IntN(3)]
	s.rate = []float64{0.005, 0.02, 0.05}[rng.IntN(3)]
	s.faults = rng.IntN(5)
	r := &run{s: s, store: newStore(s), parts: map[string]*parts{}, results: map[string][]string{}}
	r.library = &library{s: s, signedIn: true, landed: r.landed, pages: 1 + rng.IntN(3)}
	for n := range 1 + rng.IntN(images) {
		r.library.put(fmt.Sprintf("%c.bmp", 'b'+2*n), picture(n))
	}
	r.doubles, r.saves, r.renames, r.moves, r.sessions, r.sweeps = rng.IntN(3), rng.IntN(3), rng.IntN(2), rng.IntN(2),
		rng.IntN(4)/3, rng.IntN(3)
	r.maxTimes = []int{1, 5}[rng.IntN(2)]
	r.scenario = scenarios[rng.IntN(len(scenarios))]
	r.sessions = max(r.sessions, r.scenario.sessions)
	r.todo = slices.Clone(r.scenario.requests)
	r.s.note("seed %d: %s, %d files", seed, r.scenario.name, len(r.library.files))
	return r
}

// process returns a process that lives, and starts it if it does not.
func (r *run) process(name string) *parts {
	if p := r.parts[name]; p != nil && !p.process.dead {
		return p
	}
	r.restarts++
	p := &parts{process: &process{name: fmt.Sprint(name, r.restarts)}}
	limits := bulk.PlanLimits{Window: 4, MaxImages: 100, MaxBytes: 1 << 20}
	specs := bulk.Specs(r.store)
	if name == "B" && r.scenario.releases {
		specs = otherRelease{r.store}
	}
	p.worker = bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     r.store,
		Items:    r.store,
		Index:    r.store,
		Specs:    specs,
		Queue:    r,
		Sessions: r.library,
		Library:  r.library,
		Limits:   imaging.DefaultLimits(),
		Window:   limits.Window,
		Room:     imaging.NewRoom(2),
		Previews: r.store,
		Now:      time.Now,
	})
	p.planner = bulk.NewPlanner(bulk.PlannerOptions{
		Jobs:     r.store,
		Items:    r.store,
		Index:    r.store,
		Specs:    r.store,
		Queue:    r,
		Sessions: r.library,
		Library:  r.library,
		About:    r.store,
		Limits:   limits,
		Now:      time.Now,
	})
	p.sweeper = bulk.NewSweeper(bulk.SweeperOptions{
		Jobs:     r.store,
		Index:    r.store,
		Queue:    r,
		Sessions: r.library,
		Previews: r.store,
		MaxAge:   60 * 24 * time.Hour,
		Now:      time.Now,
	})
	p.service = bulk.NewService(bulk.ServiceOptions{
		Jobs:      r.store,
		Items:     r.store,
		Index:     r.store,
		Specs:     r.store,
		Queue:     r,
		Library:   r.library,
		Previews:  r.store,
		Limits:    imaging.DefaultLimits(),
		MaxImages: 100,
		MaxOpen:   bulk.MaxOpen{Tenant: 100, User: 100},
		Now:       time.Now,
		NewID:     func() string { return fmt.Sprint("job", r.s.rng.IntN(1e9)) },
	})
	r.parts[name] = p
	return p
}

// otherRelease is what a job does as another release of the program does it: it makes other bytes of the same picture.
type otherRelease struct{ *store }

func (o otherRelease) Spec(ctx context.Context, j bulk.Job) (bulk.Spec, error) {
	spec, err := o.store.Spec(ctx, j)
	if j.Kind == bulk.Edit && err == nil {
		spec.Recipe = json.RawMessage(otherRecipe)
	}
	return spec, err
}

// Send puts a message on a queue.
func (r *run) Send(ctx context.Context, queue string, body []byte, delay time.Duration) error {
	_, err := do(ctx, r.s, fmt.Sprintf("send %s %s after %v", queue, body, delay), func() (struct{}, error) {
		m := &message{queue: queue, body: slices.Clone(body), at: time.Now().Add(delay)}
		if err := json.Unmarshal(body, m); err != nil {
			panic(err)
		}
		r.messages = append(r.messages, m)
		return struct{}{}, nil
	})
	return err
}

// run runs the scenario to its end, brings what rests to an end, and checks what came of it.
func (r *run) run() {
	for r.s.steps < maxSteps && len(r.s.problems) == 0 {
		r.s.settle()
		if !r.next() {
			break
		}
	}
	if r.s.steps >= maxSteps {
		r.s.problem("it does not end within %d steps", maxSteps)
	}
	if len(r.s.problems) == 0 {
		r.check()
	}
	for _, p := range r.parts { // nothing stays behind
		p.process.dead = true
	}
	r.s.settle()
}

const maxSteps = 20_000

// next does one thing. It is false if there is nothing left to do.
func (r *run) next() bool {
	r.reap()
	events := r.events()
	waiting, ready := len(r.s.waiting) > 0, len(r.s.ready()) > 0
	switch {
	case ready && (len(events) == 0 || r.s.rng.Float64() < 0.9):
		r.s.goOn()
	case len(events) > 0:
		events[r.s.rng.IntN(len(events))]()
	case waiting && r.idle > 0 && r.asking == nil: // all are held up: the user's turn
		r.idle = 0
	case waiting:
		r.s.goOn()
	default:
		return r.pass()
	}
	return true
}
