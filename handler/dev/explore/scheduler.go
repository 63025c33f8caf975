package explore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"imagepro/handler/fault"
)

// outcome is what becomes of a call to the outside.
type outcome int

const (
	proceeds  outcome = iota // it is carried out and answered
	killed                   // the process dies before it
	diesAfter                // it is carried out, and the process dies before the answer
	lost                     // it is carried out, and the answer is lost
	refused                  // it is not carried out: the service is away
	repeated                 // it is carried out, the answer is lost, and the client's own repeat finds it done
	late                     // it is carried out later, and never answered
	// it is carried out, the answer is lost, and the client meets its own content when it asks again
	conflicts
	barred // it is not carried out: somebody has locked the file
)

var outcomeNames = []string{"", "KILL BEFORE", "KILL AFTER", "LOST ANSWER", "REFUSED", "REPEAT", "LATE", "CONFLICT",
	"BARRED"}

// process is a process of the program. With a kill all that it does ends.
type process struct {
	name string
	dead bool
}

// actor is one invocation: a delivery of a message, a request of a user, a sweep.
type actor struct {
	id      int
	name    string
	process *process
	began   time.Time
	ended   bool
	message *message // that it handles; nil for none
}

// call is a call to the outside that waits for its turn.
type call struct {
	actor *actor
	what  string
	can   []outcome // besides proceeds and the kills
	turn  chan outcome
	held  int // the step before which it does not go on while others can; 0 until that is decided
}

// scheduler stops every invocation at each call to the outside, and decides which goes on.
type scheduler struct {
	rng      *rand.Rand
	mu       sync.Mutex
	waiting  []*call
	actors   []*actor
	trace    []string
	last     *actor
	sticky   float64 // how likely the actor that went on last goes on again
	hold     float64 // how likely a call is held up while others go on
	faults   int     // how many more there may be
	rate     float64 // how likely a call has one
	problems []string
	steps    int
}

type actorKey struct{}

// step waits for the turn of a call. It does not return if the process is killed before it.
func (s *scheduler) step(ctx context.Context, what string, can ...outcome) outcome {
	a := ctx.Value(actorKey{}).(*actor)
	if a.process.dead {
		runtime.Goexit()
	}
	c := &call{actor: a, what: what, can: can, turn: make(chan outcome)}
	s.mu.Lock()
	s.waiting = append(s.waiting, c)
	s.mu.Unlock()
	turn := <-c.turn
	if turn == killed {
		runtime.Goexit()
	}
	return turn
}

// after ends the step of a call that was carried out: the answer may be lost, or nobody may be there any more.
func (s *scheduler) after(ctx context.Context, turn outcome, err error) error {
	switch turn {
	case diesAfter:
		ctx.Value(actorKey{}).(*actor).process.dead = true
		runtime.Goexit()
	case lost:
		return away()
	}
	return err
}

func away() error { return fault.New(fault.Busy, "The service is away.", nil) }

// do is a call that changes something in one step.
func do[T any](ctx context.Context, s *scheduler, what string, change func() (T, error)) (T, error) {
	turn := s.step(ctx, what, lost, refused)
	var none T
	if turn == refused {
		return none, away()
	}
	value, err := change()
	if err := s.after(ctx, turn, err); err != nil {
		return none, err
	}
	return value, nil
}

// ask is a call that changes nothing: a lost answer is the same as a refusal.
func ask[T any](ctx context.Context, s *scheduler, what string, read func() (T, error)) (T, error) {
	if s.step(ctx, what, refused) == refused {
		var none T
		return none, away()
	}
	return read()
}

// start begins an invocation in a process. It calls then when the invocation has ended, unless the process was killed.
func (s *scheduler) start(
	p *process, name string, m *message, run func(context.Context) error, then func(error),
) *actor {
	a := &actor{id: len(s.actors), name: name, process: p, began: time.Now(), message: m}
	s.actors = append(s.actors, a)
	s.note("%s begins", a)
	go func() {
		var err error
		whole := false
		defer func() {
			a.ended = true
			if whole && !p.dead {
				then(err)
			}
		}()
		err = run(context.WithValue(context.Background(), actorKey{}, a))
		whole = true
	}()
	return a
}

func (a *actor) String() string { return fmt.Sprintf("%d %s (%s)", a.id, a.name, a.process.name) }

func (s *scheduler) note(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf("%s  ", time.Now().Format("15:04:05"))+fmt.Sprintf(format, args...))
}

// settle waits until every invocation stands at a call or has ended, and puts the calls in an order that is the same
// each time.
func (s *scheduler) settle() {
	synctest.Wait()
	s.waiting = slices.DeleteFunc(s.waiting, func(c *call) bool {
		if !c.actor.process.dead {
			return false
		}
		c.turn <- killed
		return true
	})
	synctest.Wait()
	slices.SortStableFunc(s.waiting, func(a, b *call) int {
		if a.actor.id != b.actor.id {
			return a.actor.id - b.actor.id
		}
		return strings.Compare(a.what, b.what)
	})
	for _, c := range s.waiting {
		if c.held == 0 {
			c.held = s.steps + 1
			if s.rng.Float64() < s.hold {
				c.held += s.rng.IntN(maxHold)
			}
		}
	}
}

// maxHold is for how many steps of others a call is held up at the most.
const maxHold = 120

// ready returns the indexes of the calls that can go on.
func (s *scheduler) ready() []int {
	var ready []int
	for i, c := range s.waiting {
		if c.held <= s.steps+1 {
			ready = append(ready, i)
		}
	}
	return ready
}

// goOn lets one of the waiting calls go on, with what becomes of it: one that is held up only if there is no other.
func (s *scheduler) goOn() {
	index := s.rng.IntN(len(s.waiting))
	if ready := s.ready(); len(ready) > 0 {
		index = ready[s.rng.IntN(len(ready))]
		same := slices.IndexFunc(ready, func(i int) bool { return s.waiting[i].actor == s.last })
		if same >= 0 && s.rng.Float64() < s.sticky {
			index = ready[same]
		}
	}
	c := s.waiting[index]
	s.waiting = slices.Delete(s.waiting, index, index+1)
	s.last = c.actor
	turn := proceeds
	rate := s.rate
	if slices.Contains(c.can, late) { // a save: what becomes of it matters most
		rate *= 8
	}
	if s.faults > 0 && s.rng.Float64() < rate {
		s.faults--
		options := append([]outcome{killed, diesAfter}, c.can...)
		turn = options[s.rng.IntN(len(options))]
	}
	s.steps++
	s.note("%s: %s %s", c.actor, c.what, outcomeNames[turn])
	if turn == killed {
		c.actor.process.dead = true
	}
	c.turn <- turn
}

// busy reports whether an invocation of a process is under way.
func (s *scheduler) busy() bool {
	return slices.ContainsFunc(s.actors, (*actor).atWork)
}

func (s *scheduler) problem(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
	s.note("PROBLEM: "+format, args...)
}
