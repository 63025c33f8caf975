package explore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
)

// reap gives back what killed processes were at work on.
func (r *run) reap() {
	for _, m := range r.messages {
		if len(m.handlers) > 0 && !slices.ContainsFunc(m.handlers, (*actor).atWork) {
			m.handlers = nil
			m.at = time.Now().Add(time.Duration(r.s.rng.Int64N(int64(lease))))
		}
	}
	if r.asking != nil && !r.asking.atWork() { // nobody answers: they try again
		r.asking = nil
	}
}

func (a *actor) atWork() bool { return !a.ended && !a.process.dead }

// events are what may happen now besides the calls that wait.
func (r *run) events() []func() {
	var all []func()
	if r.deliveries() < maxDeliveries {
		for _, m := range r.messages {
			if len(m.handlers) == 0 && !m.at.After(time.Now()) {
				all = append(all, func() { r.deliver(m) })
			}
		}
	}
	switch {
	case r.idle > 0:
		r.idle--
	case r.asking == nil && len(r.todo) > 0 && r.todo[0].isDue(r):
		all = append(all, r.ask)
	}
	for i := range r.library.late {
		all = append(all, func() { r.land(i) })
	}
	for _, f := range r.library.files {
		if f.shown != nil || f.noHash {
			all = append(all, func() {
				f.shown, f.noHash = nil, false
				r.s.note("what is said of %s is up to date", f.id)
			})
		}
	}
	if len(r.s.waiting) > 0 && r.s.rng.IntN(10) == 0 {
		all = append(all, r.trouble()...)
	}
	return all
}

// maxDeliveries is how many messages are at work at once.
const maxDeliveries = 3

func (r *run) deliveries() int {
	n := 0
	for _, a := range r.s.actors {
		if a.message != nil && a.atWork() {
			n++
		}
	}
	return n
}

// trouble is what people and services do meanwhile.
func (r *run) trouble() []func() {
	var all []func()
	add := func(more *int, possible bool, happens func()) {
		if *more > 0 && possible {
			all = append(all, func() { *more--; happens() })
		}
	}
	file := r.library.files[r.s.rng.IntN(len(r.library.files))]
	add(&r.saves, true, func() {
		r.library.put(file.name, picture(100+r.saves))
		r.s.note("somebody saves %s: %s", file.id, hash(file.versions[0].data))
	})
	// Before it is planned: the library may list it twice, or not at all.
	add(&r.renames, len(r.store.keys("item/")) == 0, func() {
		r.renamed = true
		file.name = fmt.Sprintf("%c%d.bmp", 'a'+r.s.rng.IntN(26), r.renames)
		r.s.note("somebody renames %s to %s", file.id, file.name)
	})
	add(&r.renames, file.first().source != "", func() { // a copy
		file.name = fmt.Sprintf("%c%d.bmp", 'a'+r.s.rng.IntN(26), r.renames)
		r.s.note("somebody renames the copy %s to %s", file.id, file.name)
	})
	add(&r.moves, file.shown == nil, func() {
		r.library.made++
		file.versions[0].tag = fmt.Sprintf("tag%d", r.library.made)
		r.s.note("the tag of %s moves to %s", file.id, file.versions[0].tag)
	})
	add(&r.sessions, r.library.signedIn, func() {
		r.library.signedIn = false
		r.s.note("the session dies")
		r.todo = slices.Insert(r.todo, 0, comeBack)
	})
	for _, m := range r.messages {
		add(&r.doubles, len(m.handlers) > 0, func() { r.deliver(m) })
	}
	add(&r.sweeps, true, r.sweep)
	next := r.nextMessage()
	if !next.IsZero() {
		all = append(all, func() { r.sleep(time.Until(next)) })
	}
	return all
}

// deliver gives a message out, or hands it to whoever gives it up.
func (r *run) deliver(m *message) {
	m.times++
	if m.times > r.maxTimes && !strings.HasSuffix(m.queue, poison) {
		m.queue += poison
		m.times = 1
	}
	p, times := r.process([]string{"A", "B"}[r.s.rng.IntN(2)]), m.times
	handle := func(ctx context.Context) error {
		switch m.queue {
		case bulk.PlanQueue:
			return p.planner.Plan(ctx, decode[bulk.PlanMessage](m))
		case bulk.PlanQueue + poison:
			return p.planner.GiveUp(ctx, decode[bulk.PlanMessage](m))
		case bulk.ItemQueue:
			return p.worker.Deliver(ctx, decode[bulk.ItemMessage](m), times)
		}
		return p.worker.GiveUp(ctx, decode[bulk.ItemMessage](m))
	}
	a := r.s.start(p.process, m.String(), m, handle, func(err error) {
		if err == nil {
			r.remove(m)
			return
		}
		r.s.note("%v came back: %v", m, err)
		m.at = time.Now()
	})
	m.handlers = append(m.handlers, a)
}

// poison ends the names of the queues that messages go to which came too often.
const poison = "-poison"

func (r *run) remove(m *message) {
	r.messages = slices.DeleteFunc(r.messages, func(other *message) bool { return other == m })
}

func decode[T any](m *message) (value T) {
	if err := json.Unmarshal(m.body, &value); err != nil {
		panic(err)
	}
	return value
}

// land carries a save out that was not answered, or lets it be lost.
func (r *run) land(i int) {
	late := r.library.late[i]
	r.library.late = slices.Delete(r.library.late, i, i+1)
	if r.s.rng.IntN(4) == 0 {
		r.s.note("a late save is lost")
		return
	}
	r.s.note("a late save arrives")
	late.lands()
}

// ask lets the user do what comes next.
func (r *run) ask() {
	next := r.todo[0]
	p := r.process([]string{"A", "B"}[r.s.rng.IntN(2)])
	r.asking = r.s.start(p.process, next.name, nil, func(ctx context.Context) error {
		return next.do(ctx, r, p.service)
	}, func(
		err error,
	) {
		r.asking = nil
		r.idle = r.s.rng.IntN(80)
		if fault.Is(err, fault.Busy) {
			return // they try again
		}
		if err != nil {
			r.s.note("%s: %v", next.name, err)
		}
		// others may have come before it
		done := slices.IndexFunc(r.todo, func(q request) bool { return q.name == next.name })
		r.todo = slices.Delete(r.todo, done, done+1)
	})
}

func (r *run) sweep() {
	p := r.process("A")
	r.s.start(p.process, "sweep", nil, func(ctx context.Context) error {
		_, err := p.sweeper.Sweep(ctx)
		return err
	}, func(error) {})
}

// nextMessage is when the next message is visible that is not yet; zero if there is none.
func (r *run) nextMessage() time.Time {
	var next time.Time
	for _, m := range r.messages {
		if len(m.handlers) == 0 && m.at.After(time.Now()) && (next.IsZero() || m.at.Before(next)) {
			next = m.at
		}
	}
	return next
}

// sleep lets time pass. What has been at work for too long by then is killed by the host, and saves that were not
// answered arrive, or are lost, while those who sent them might still be at work.
func (r *run) sleep(d time.Duration) {
	then := time.Now().Add(d)
	for _, a := range r.s.actors {
		if a.atWork() && then.Sub(a.began) > runTime {
			r.s.note("the host ends %v", a)
			a.process.dead = true
		}
	}
	for i := len(r.library.late) - 1; i >= 0; i-- {
		if then.Sub(r.library.late[i].at) > runTime/2 {
			r.land(i)
		}
	}
	r.s.settle()
	r.reap()
	r.s.note("%v pass", d)
	time.Sleep(d)
}

// pass is for when nothing is under way: time passes, or somebody helps. It is false when all is at its end.
func (r *run) pass() bool {
	switch next := r.nextMessage(); {
	case r.idle > 0:
		r.idle = 0
	case !next.IsZero():
		r.sleep(time.Until(next))
	case r.s.busy(): // for a timer of the program's own
		time.Sleep(time.Second)
	case len(r.todo) > 0 && r.todo[0].isDue(r), len(r.library.late) > 0:
	case r.isOver():
		return false
	case !r.library.signedIn:
		r.todo = slices.Insert(r.todo, 0, comeBack)
	case r.rests():
		r.todo = slices.Insert(r.todo, 0, goOn)
	case r.helps == 0 && r.sweeps == 0:
		r.s.problem("a job stands still")
	case r.helps > maxHelps:
		r.s.problem("a job does not come to its end")
	default:
		r.helps++
		r.sleep(20 * time.Minute)
		r.sweep()
	}
	return true
}

// maxHelps is how many sweeps a job may need until it is over.
const maxHelps = 600

// all returns the jobs that were submitted, as they are.
func (r *run) all() []bulk.Job {
	var all []bulk.Job
	for _, id := range r.jobs {
		job, err := r.store.job(bulk.Ref{Tenant: tenant, Job: id})
		if err == nil && !slices.ContainsFunc(all, func(j bulk.Job) bool { return j.Job == id }) {
			all = append(all, job)
		}
	}
	return all
}

func (r *run) isOver() bool {
	return !slices.ContainsFunc(r.all(), func(j bulk.Job) bool { return !j.Final() })
}

func (r *run) rests() bool {
	return slices.ContainsFunc(r.all(), func(j bulk.Job) bool { return j.State == bulk.Paused })
}
