// Package ready finds out whether what the program needs can be reached: storage, Entra ID, Graph.
//
// It does not know what these are, and says nothing of why one is away but the kind of the fault.
package ready

import (
	"context"
	"sync"
	"time"

	"imagepro/handler/fault"
)

// Check is a dependency. Ask returns nil if it answers.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// State is what a look at a dependency found.
type State struct {
	Name    string
	Took    time.Duration
	Problem fault.Kind // empty: it answers
}

// How long a look may take, and how long what it found is good for: everybody may ask, and must not make the program
// ask others as often.
const (
	patience = 5 * time.Second
	life     = 5 * time.Second
)

// Prober looks at dependencies. It is safe for concurrent use.
type Prober struct {
	checks []Check
	now    func() time.Time

	mu     sync.Mutex
	found  []State
	lookAt time.Time
}

// NewProber returns a prober of the checks.
func NewProber(now func() time.Time, checks ...Check) *Prober {
	return &Prober{checks: checks, now: now}
}

// Look returns the state of each dependency, in the order of the checks, as of now or of some seconds ago. Who asks
// while somebody else's look goes on gets its result.
func (p *Prober) Look(ctx context.Context) []State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && p.now().Sub(p.lookAt) < life {
		return p.found
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // others may wait for this one
	defer cancel()
	found := make([]State, len(p.checks))
	var all sync.WaitGroup
	for i, check := range p.checks {
		all.Go(func() {
			begin := p.now()
			err := check.Ask(ctx)
			found[i] = State{Name: check.Name, Took: p.now().Sub(begin)}
			if err != nil {
				found[i].Problem = fault.From(err).Kind
			}
		})
	}
	all.Wait()
	p.found, p.lookAt = found, p.now()
	return found
}
