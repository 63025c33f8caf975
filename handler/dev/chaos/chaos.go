// Package chaos runs bulk edits while everything around them breaks: the handler is killed, the storage and the host
// are restarted, and the sandbox throttles, fails, delays and loses answers. Then it looks into the sandbox: each image
// must have been edited once, whatever the program says.
//
// It calls the API as a tab does and knows nothing of the program behind it.
package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"imagepro/handler/dev/dump"
	"imagepro/handler/dev/meter"
	"imagepro/handler/dev/people"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
)

// Options say how much there is to do, and how much of it breaks.
type Options struct {
	Images, Jobs, Tenants int
	Kills, Restarts       int // of the handler; of storage and host in turn
	Seed                  uint64
	Time                  time.Duration // after which what is not done is stuck
	Log                   func(format string, args ...any)
}

// Usual are those of make chaos.
func Usual() Options {
	return Options{Images: 500, Jobs: 8, Tenants: 4, Kills: 12, Restarts: 3, Seed: 1, Time: 15 * time.Minute}
}

// Report is what came of it.
type Report struct {
	Images, Kills, Restarts, Faults int
	Once, Lost, Twice, Stuck        int
	Undone                          int      // of the images of the last job, which was undone
	Problems                        []string // of single images, at most maxProblems
	Took                            time.Duration
	Storage, Graph                  int // requests, empty polls excepted, those that failed and were repeated included
}

const maxProblems = 20

// String is the one line.
func (r *Report) String() string {
	return fmt.Sprintf(
		"chaos: %d images, %d kills, %d restarts, %d faults: %d edited once, %d lost, %d twice, %d stuck",
		r.Images, r.Kills, r.Restarts, r.Faults, r.Once, r.Lost, r.Twice, r.Stuck)
}

// Good reports whether all is as it must be.
func (r *Report) Good() bool {
	return r.Once == r.Images && r.Lost == 0 && r.Twice == 0 && r.Stuck == 0 && len(r.Problems) == 0
}

// work is a bulk edit and the images that it is for.
type work struct {
	tab    *stack.Tab
	site   graph.Site
	copies bool
	images []picture
	id     string
	last   stack.Job
}

type picture struct {
	item graph.Item
	sum  string // SHA-256 of the content
}

// Run does all that, and returns what came of it.
func Run(ctx context.Context, s *stack.Stack, m *meter.Meter, o Options) (*Report, error) {
	all, err := prepare(s, o)
	if err != nil {
		return nil, err
	}
	report := &Report{Images: o.Images}
	before, begin := m.Counts(), time.Now()
	s.Sandbox.Trouble.Forget()
	s.Sandbox.Trouble.Set(people.Trouble())
	ctx, cancel := context.WithTimeout(ctx, o.Time)
	defer cancel()
	for n, w := range all {
		if err := w.submit(ctx, fmt.Sprint("chaos ", n)); err != nil {
			return nil, err
		}
	}
	if err := breakThings(ctx, s, all, o, report); err != nil {
		return nil, err
	}
	undo := all[len(all)-2] // the last one makes copies
	if err := undo.undo(ctx, report); err != nil {
		return nil, err
	}
	s.Sandbox.Trouble.Set(trouble.Unkindness{})
	for _, call := range s.Sandbox.Trouble.History(trouble.Filter{}) {
		if call.Trouble != "" {
			report.Faults++
		}
		if call.Service != "entra" {
			report.Graph++
		}
	}
	report.Took = time.Since(begin)
	_, report.Storage = m.Counts().Since(before)
	for _, w := range all {
		if err := report.check(ctx, s, w, w == undo); err != nil {
			return nil, err
		}
	}
	return report, report.checkQueues(ctx, s)
}

// prepare makes the tenants, their images and their bulk edits.
func prepare(s *stack.Stack, o Options) ([]*work, error) {
	var all []*work
	for n := range o.Jobs {
		tenant := directory.Tenant{ID: directory.NewID(), Name: fmt.Sprint("Chaos ", n), Domain: fmt.Sprint("chaos", n)}
		if n >= o.Tenants {
			tenant.ID = all[n%o.Tenants].site.Tenant
		} else {
			s.Sandbox.Directory.PutTenant(tenant)
			s.Sandbox.Entra.Consent(tenant.ID, "", s.Scene.App.ID, s.Scene.App.Scopes...)
		}
		user := directory.User{
			Tenant: tenant.ID,
			ID:     directory.NewID(),
			UPN:    fmt.Sprintf("user%d@chaos.example", n),
			Name:   fmt.Sprint("User ", n),
		}
		if err := s.Sandbox.Directory.PutUser(user); err != nil {
			return nil, err
		}
		w := &work{copies: n == o.Jobs-1}
		var err error
		if w.site, err = s.Sandbox.Graph.AddSite(tenant.ID, fmt.Sprint("chaos", n), user.ID); err != nil {
			return nil, err
		}
		if w.tab, err = s.Tab(user); err != nil {
			return nil, err
		}
		for i := o.Images * n / o.Jobs; i < o.Images*(n+1)/o.Jobs; i++ {
			content := Draw(320+i%7, 240, uint64(i))
			sum := sha256.Sum256(content)
			item, err := s.Sandbox.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%02d/%04d.jpg", i%3, i),
				bytes.NewReader(content), user.ID)
			if err != nil {
				return nil, err
			}
			w.images = append(w.images, picture{item, hex.EncodeToString(sum[:])})
		}
		all = append(all, w)
	}
	return all, nil
}

// Draw draws a picture (JPEG) that is another one for another seed.
func Draw(width, height int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 11))
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	a, b := random.IntN(256), random.IntN(256)
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, color.RGBA{uint8(x*a/300 + b), uint8(y*b/200 + a), uint8((x ^ y) + int(seed)), 255})
		}
	}
	var to bytes.Buffer
	_ = jpeg.Encode(&to, m, nil) // never fails in memory
	return to.Bytes()
}

// width is that of every result, in pixels.
const width = 100

func (w *work) submit(ctx context.Context, key string) error {
	body := map[string]any{
		"source": map[string]any{
			"folder": map[string]any{"driveId": w.site.DriveID, "itemId": "root", "recursive": true}},
		"recipe": map[string]any{"version": 1, "steps": []any{map[string]any{"op": "resize", "width": width}}},
	}
	if w.copies {
		body["save"] = map[string]any{"target": "copy", "name": "{name}-small"}
	}
	return stack.Again(ctx, func() error {
		job, err := w.tab.SubmitOnce(ctx, key, body)
		w.id, w.last = job.ID, job
		return err
	})
}

// breakThings kills and restarts while the bulk edits are at work, and returns when all of them are over.
func breakThings(ctx context.Context, s *stack.Stack, all []*work, o Options, report *Report) error {
	random := rand.New(rand.NewPCG(o.Seed, 3))
	var blows []blow
	for n := range o.Kills {
		blows = append(blows,
			blow{(float64(n) + random.Float64()) / float64(o.Kills), s.KillHandler, &report.Kills, "kill"})
	}
	for n := range o.Restarts {
		b := blow{(float64(n) + 0.3 + 0.4*random.Float64()) / float64(o.Restarts), s.Azurite.Restart, &report.Restarts,
			"restart of the storage"}
		if n%2 == 1 {
			b.strike, b.what = func() error { return s.RestartHost(ctx) }, "restart of the host"
		}
		blows = append(blows, b)
	}
	slices.SortFunc(blows, func(a, b blow) int { return int(1e6 * (a.at - b.at)) })
	for {
		done, over := 0, 0
		for _, w := range all {
			if job, err := w.tab.Job(ctx, w.id); err == nil {
				w.last = job
			}
			c := w.last.Counts
			done += c.Edited + c.Unchanged + c.Skipped + c.Conflict + c.Failed
			if w.last.Final() {
				over++
			}
		}
		share := 0.95 * float64(done) / float64(o.Images)
		for len(blows) > 0 && (share >= blows[0].at || over == len(all)) {
			b := blows[0]
			if err := stack.Again(ctx, b.strike); err != nil {
				return fmt.Errorf("%s: %w", b.what, err)
			}
			*b.count++
			o.Log("%3d of %d images: %s", done, o.Images, b.what)
			blows = blows[1:]
			if over < len(all) {
				break
			}
		}
		if over == len(all) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // what is not over is stuck
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// blow is something that breaks when a share of the images is done.
type blow struct {
	at     float64
	strike func() error
	count  *int
	what   string
}

// undo gives the images of a job their contents back.
func (w *work) undo(ctx context.Context, report *Report) error {
	var undo stack.Job
	err := stack.Again(ctx, func() (err error) {
		undo, err = w.tab.Undo(ctx, w.id)
		return err
	})
	if err != nil {
		return err
	}
	undo, err = w.tab.Wait(ctx, undo.ID, 200*time.Millisecond, nil)
	report.Undone = undo.Counts.Edited
	if undo.Counts.Edited != len(w.images) {
		report.problem("%d of %d images were undone: %+v", undo.Counts.Edited, len(w.images), undo.Counts)
	}
	return err
}

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// check compares what the sandbox holds of a bulk edit's images with what must be there.
func (r *Report) check(ctx context.Context, s *stack.Stack, w *work, undone bool) error {
	if !w.last.Final() {
		r.Stuck += len(w.images)
		r.problem("bulk edit %s is %s: %+v", w.id, w.last.State, w.last.Counts)
		return nil
	}
	items, err := w.tab.Items(ctx, w.id)
	if err != nil {
		return err
	}
	state := map[string]string{}
	for _, item := range items {
		state[item.ItemID] = item.State
	}
	copied := map[string]int{}
	for folder := range 3 {
		there, err := s.Sandbox.Graph.Items(w.site.DriveID, fmt.Sprintf("%02d", folder))
		if err != nil {
			return err
		}
		for _, item := range there {
			if name, ok := strings.CutSuffix(item.Name, "-small.jpg"); ok {
				copied[name+".jpg"]++
			}
		}
	}
	for _, p := range w.images {
		versions, err := s.Sandbox.Graph.Versions(w.site.DriveID, p.item.ID)
		if err != nil {
			return err
		}
		edits, result := len(versions)-1, p.item.ID
		if w.copies {
			edits, result = copied[p.item.Name]-edits, strings.TrimSuffix(p.item.Path, ".jpg")+"-small.jpg"
		}
		if undone { // the old content again, on top
			edits--
			if versions[0].SHA256 != p.sum {
				r.problem("%s was undone, and has not its old content", p.item.Name)
			}
		}
		switch {
		case state[p.item.ID] == "waiting" || state[p.item.ID] == "":
			r.Stuck++
			r.problem("%s has no result", p.item.Name)
		case edits > 1:
			r.Twice++
			r.problem("%s was edited %d times", p.item.Name, edits)
		case edits < 1 || state[p.item.ID] != "edited" || versions[len(versions)-1].SHA256 != p.sum:
			r.Lost++
			r.problem("%s was edited %d times and is %s", p.item.Name, edits, state[p.item.ID])
		default:
			r.Once++
			version := versions[0].ID
			if w.copies {
				version = "1.0"
			} else if undone {
				version = versions[1].ID
			}
			r.look(s, w.site.DriveID, result, version, p.item.Name)
		}
	}
	return nil
}

// look checks that a result is a picture of the right width.
func (r *Report) look(s *stack.Stack, drive, item, version, name string) {
	content, err := s.Sandbox.Graph.Content(drive, item, version)
	if err != nil {
		r.problem("the result of %s: %v", name, err)
		return
	}
	defer func() { _ = content.Close() }()
	shown, err := jpeg.DecodeConfig(content)
	if err != nil || shown.Width != width {
		r.problem("the result of %s is %d pixels wide, %v", name, shown.Width, err)
	}
}

// checkQueues looks for messages that nobody takes any more.
func (r *Report) checkQueues(ctx context.Context, s *stack.Stack) error {
	all, err := dump.Read(ctx, s.Azurite.ConnectionString)
	for _, queue := range all.Queues {
		if strings.HasSuffix(queue.Name, "-poison") && queue.Count > 0 {
			r.problem("%d messages are left on %s", queue.Count, queue.Name)
		}
	}
	return err
}
