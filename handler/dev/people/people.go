// Package people lets many people work at once on a stack whose sandbox is unkind, and then looks into the sandbox:
// every operation must have ended well or with a clear answer to try again, and no write may be lost or doubled.
//
// It calls the API as a tab does and knows nothing of the program behind it.
package people

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
)

// Options say who works and for how long.
type Options struct {
	Tenants, Users int // Users in all
	Pictures       int // of each tenant, which its users share
	Time           time.Duration
	Seed           uint64
}

// Usual are those of make people.
func Usual() Options {
	return Options{Tenants: 5, Users: 50, Pictures: 20, Time: 10 * time.Minute, Seed: 1}
}

// Trouble is the trouble that the sandbox makes meanwhile: it throttles 5 % of all calls, fails 2 %, breaks 1 % of the
// connections, half of them when the work is done, and delays 5 %.
func Trouble() trouble.Unkindness {
	return trouble.Unkindness{Throttle: 0.05, Fail: 0.02, Break: 0.005, Lose: 0.005, Delay: 2 * time.Second, Slow: 0.05}
}

// Report is what came of it.
type Report struct {
	Operations map[string]*Operation
	Saves      int      // that were answered well
	Unclear    int      // that were answered with busy, and may have been made all the same
	Versions   int      // that the sandbox holds beyond the first of each file
	Violations []string // of what must hold, at most maxViolations of them
	Took       time.Duration
}

// Operation is what came of one kind.
type Operation struct {
	Outcomes map[string]int
	took     []time.Duration
}

const maxViolations = 50

// At returns how long a share of the operations took at the most.
func (o *Operation) At(share float64) time.Duration {
	if len(o.took) == 0 {
		return 0
	}
	slices.Sort(o.took)
	return o.took[int(share*float64(len(o.took)-1))]
}

// String is a table.
func (r *Report) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tcalls\tgood\tbusy\tstale\tconflict\tp50\tp99\t")
	total := 0
	for _, name := range slices.Sorted(maps.Keys(r.Operations)) {
		o := r.Operations[name]
		total += len(o.took)
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%v\t%v\t\n", name, len(o.took), o.Outcomes[good], o.Outcomes[busy],
			o.Outcomes[stale], o.Outcomes[conflict],
			o.At(0.5).Round(time.Millisecond), o.At(0.99).Round(time.Millisecond))
	}
	_ = table.Flush()
	fmt.Fprintf(&text, "%d calls in %v, %.1f a second; %d saves, %d unclear, %d versions; %d violations\n",
		total, r.Took.Round(time.Second), float64(total)/r.Took.Seconds(), r.Saves, r.Unclear, r.Versions,
		len(r.Violations))
	for _, v := range r.Violations {
		fmt.Fprintln(&text, "violation:", v)
	}
	return text.String()
}

// The outcomes that may be.
const (
	good     = "good"
	busy     = "busy"     // try again
	stale    = "stale"    // somebody was faster: read again
	conflict = "conflict" // likewise
)

// file is a picture that users of a tenant share.
type file struct {
	drive, item string
	mu          sync.Mutex
	saved       []string // tags of the contents that were answered well
	unclear     int
}

// world is a tenant with its pictures.
type world struct {
	site  graph.Site
	files []*file
}

// run is the work under way.
type run struct {
	stack  *stack.Stack
	mu     sync.Mutex
	report Report
}

// Run lets people work and returns what came of it.
func Run(ctx context.Context, s *stack.Stack, o Options) (*Report, error) {
	r := &run{stack: s, report: Report{Operations: map[string]*Operation{}}}
	var users []*user
	var worlds []*world
	for n := range o.Tenants {
		w, tenants, err := r.found(n, o)
		if err != nil {
			return nil, err
		}
		worlds, users = append(worlds, w), append(users, tenants...)
	}
	s.Sandbox.Trouble.Set(Trouble())
	begin := time.Now()
	working, cancel := context.WithTimeout(ctx, o.Time)
	defer cancel()
	var all sync.WaitGroup
	for _, u := range users {
		all.Go(func() { u.work(working) })
	}
	all.Wait()
	r.report.Took = time.Since(begin)
	s.Sandbox.Trouble.Set(trouble.Unkindness{})
	for _, w := range worlds {
		if err := r.check(w); err != nil {
			return nil, err
		}
	}
	return &r.report, ctx.Err()
}

// found makes a tenant with a site, pictures and users.
func (r *run) found(n int, o Options) (*world, []*user, error) {
	sandbox := r.stack.Sandbox
	tenant := directory.Tenant{ID: directory.NewID(), Name: fmt.Sprint("Tenant ", n), Domain: fmt.Sprint("tenant", n)}
	sandbox.Directory.PutTenant(tenant)
	sandbox.Entra.Consent(tenant.ID, "", r.stack.Scene.App.ID, r.stack.Scene.App.Scopes...)
	w := &world{}
	var users []*user
	for m := range o.Users / o.Tenants {
		person := directory.User{
			Tenant: tenant.ID,
			ID:     directory.NewID(),
			UPN:    fmt.Sprintf("user%d@tenant%d.example", m, n),
			Name:   fmt.Sprint("User ", m),
		}
		if err := sandbox.Directory.PutUser(person); err != nil {
			return nil, nil, err
		}
		if m == 0 {
			var err error
			if w.site, err = sandbox.Graph.AddSite(tenant.ID, fmt.Sprint("load", n), person.ID); err != nil {
				return nil, nil, err
			}
		}
		if err := sandbox.Graph.Allow(
			graph.Permission{SiteID: w.site.ID, User: person.ID, Level: graph.Write}); err != nil {
			return nil, nil, err
		}
		token, err := r.stack.Token(person)
		if err != nil {
			return nil, nil, err
		}
		users = append(users, &user{
			run:    r,
			world:  w,
			token:  token,
			random: rand.New(rand.NewPCG(o.Seed, uint64(n*1000+m))),
		})
	}
	for m := range o.Pictures {
		made, err := sandbox.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%02d.jpg", m),
			bytes.NewReader(draw(640, 480, uint64(m))), w.site.Tenant)
		if err != nil {
			return nil, nil, err
		}
		w.files = append(w.files, &file{drive: w.site.DriveID, item: made.ID})
	}
	return w, users, nil
}

// draw draws a picture that is another one for another seed.
func draw(w, h int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 7))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	a, b := random.IntN(256), random.IntN(256)
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x*a/w + b), uint8(y*b/h + a), uint8((x ^ y) + int(seed)), 255})
		}
	}
	var to bytes.Buffer
	_ = jpeg.Encode(&to, m, nil) // never fails in memory
	return to.Bytes()
}

// violated notes what may not be.
func (r *run) violated(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.report.Violations) < maxViolations {
		r.report.Violations = append(r.report.Violations, fmt.Sprintf(format, args...))
	}
}

// check compares what the answers said with what the sandbox holds.
func (r *run) check(w *world) error {
	for _, f := range w.files {
		versions, err := r.stack.Sandbox.Graph.Versions(f.drive, f.item)
		if err != nil {
			return err
		}
		r.report.Saves += len(f.saved)
		r.report.Unclear += f.unclear
		r.report.Versions += len(versions) - 1
		tags := map[string]bool{}
		for n, v := range versions {
			tags[v.CTag] = true
			if n > 0 && versions[n-1].SHA256 == v.SHA256 {
				r.violated("doubled: two versions of %s in a row are the same", f.item)
			}
		}
		for _, tag := range f.saved {
			if !tags[tag] {
				r.violated("lost: %s has no version of the content %s, which was saved", f.item, tag)
			}
		}
		if extra := len(versions) - 1 - len(f.saved); extra > f.unclear {
			r.violated("doubled: %s has %d versions beyond the first, %d were saved and %d unclear", f.item,
				len(versions)-1, len(f.saved), f.unclear)
		}
	}
	return nil
}

// user is somebody at work.
type user struct {
	*run
	world  *world
	token  string
	random *rand.Rand
}

// work does one thing after the other until its time is over.
func (u *user) work(ctx context.Context) {
	type task struct {
		weight int
		name   string
		do     func(context.Context, *file) outcome
	}
	tasks := []task{
		{1, "sign in", func(ctx context.Context, _ *file) outcome { return u.get(ctx, "/me") }},
		{1, "find sites", func(ctx context.Context, _ *file) outcome { return u.get(ctx, "/sites?search=load") }},
		{4, "list a folder", func(ctx context.Context, f *file) outcome {
			return u.get(ctx, "/drives/"+f.drive+"/items?thumbnails=true&limit=10")
		}},
		{2, "show a file", func(ctx context.Context, f *file) outcome { return u.get(ctx, f.path()) }},
		{3, "read a content", func(ctx context.Context, f *file) outcome { return u.get(ctx, f.path()+"/content") }},
		{2, "thumbnail", func(ctx context.Context, f *file) outcome {
			return u.get(ctx, f.path()+"/thumbnails/small")
		}},
		{1, "about", func(ctx context.Context, f *file) outcome { return u.get(ctx, f.path()+"/about") }},
		{2, "preview", u.preview},
		{4, "edit", u.edit},
		{2, "put", u.put},
		{1, "versions", func(ctx context.Context, f *file) outcome { return u.get(ctx, f.path()+"/versions") }},
		{1, "restore", u.restore},
		{2, "describe", u.describe},
		{1, "list properties", func(ctx context.Context, f *file) outcome {
			return u.get(ctx, "/properties?limit=20&driveId="+f.drive)
		}},
	}
	sum := 0
	for _, t := range tasks {
		sum += t.weight
	}
	for ctx.Err() == nil {
		at := u.random.IntN(sum)
		for _, t := range tasks {
			if at -= t.weight; at < 0 {
				u.once(ctx, t.name, t.do)
				break
			}
		}
		time.Sleep(time.Duration(u.random.IntN(200)) * time.Millisecond)
	}
}

// once does one thing to the end, though the time be over, and notes what came of it.
func (u *user) once(ctx context.Context, name string, do func(context.Context, *file) outcome) {
	f := u.world.files[u.random.IntN(len(u.world.files))]
	begin := time.Now()
	o := do(context.WithoutCancel(ctx), f)
	took := time.Since(begin)
	if o.kind != good && o.kind != busy && o.kind != stale && o.kind != conflict {
		u.violated("%s ended as %s", name, o.kind)
	}
	if o.kind == busy && o.detail == "" {
		u.violated("%s was busy without a word", name)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	of := u.report.Operations[name]
	if of == nil {
		of = &Operation{Outcomes: map[string]int{}}
		u.report.Operations[name] = of
	}
	of.Outcomes[o.kind]++
	of.took = append(of.took, took)
}

func (f *file) path() string { return "/images/" + f.drive + "/" + f.item }

// outcome is how an answer is to be taken.
type outcome struct {
	kind   string
	detail string
	header http.Header
	body   []byte
}

func (o outcome) good() bool { return o.kind == good }

// callTime is longer than the program gives a request.
const callTime = 4 * time.Minute

// call sends one request. Headers are names and values in turn.
func (u *user) call(ctx context.Context, method, path string, body []byte, header ...string) outcome {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, u.stack.Host.URL()+"/api"+path, bytes.NewReader(body))
	if err != nil {
		return outcome{kind: err.Error()}
	}
	request.Header.Set("Authorization", "Bearer "+u.token)
	request.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return outcome{kind: err.Error()}
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return outcome{kind: "an answer that broke off: " + err.Error()}
	}
	if response.StatusCode < 300 {
		return outcome{good, "", response.Header, raw}
	}
	var problem struct{ Type, Detail string }
	if err := json.Unmarshal(raw, &problem); err != nil {
		return outcome{kind: fmt.Sprintf("%d without a problem document", response.StatusCode)}
	}
	kind := strings.TrimPrefix(problem.Type, "urn:image-pro:problem:")
	if kind != busy && kind != stale && kind != conflict {
		kind += ": " + problem.Detail
	}
	return outcome{kind, problem.Detail, response.Header, raw}
}

func (u *user) get(ctx context.Context, path string) outcome {
	return u.call(ctx, http.MethodGet, path, nil)
}

// recipe is one that hardly anybody has used before.
func (u *user) recipe() string {
	return fmt.Sprintf(
		`{"version":1,"steps":[{"op":"resize","width":%d,"height":%d,"fit":"fill"},{"op":"adjust","brightness":%d}]}`,
		200+u.random.IntN(400), 150+u.random.IntN(300), 1+u.random.IntN(20))
}

func (u *user) preview(ctx context.Context, f *file) outcome {
	return u.call(ctx, http.MethodPost, f.path()+"/preview", []byte(`{"size":128,"recipe":`+u.recipe()+`}`))
}

// save sends a change over the content that stands now, and notes what came of it.
func (u *user) save(ctx context.Context, f *file, send func(tag string) outcome) outcome {
	read := u.get(ctx, f.path())
	if !read.good() {
		return read
	}
	tag := read.header.Get("ETag")
	o := send(tag)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case o.kind == busy || o.kind == stale && strings.Contains(o.detail, "was saved"):
		// and somebody was faster than our answer
		f.unclear++
	case o.good() && o.header.Get("ETag") != tag: // else nothing was to be saved
		content, err := contentOf(o.header.Get("ETag"))
		if err != nil {
			return outcome{kind: err.Error()}
		}
		f.saved = append(f.saved, content)
	}
	return o
}

// contentOf returns SharePoint's tag of the content that an ETag of the API's stands for.
func contentOf(tag string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.Trim(tag, `"`))
	if err != nil || len(raw) == 0 {
		return "", errors.New("a save without an ETag")
	}
	return string(raw), nil
}

func (u *user) edit(ctx context.Context, f *file) outcome {
	return u.save(ctx, f, func(tag string) outcome {
		return u.call(ctx, http.MethodPost, f.path()+"/edits", []byte(`{"recipe":`+u.recipe()+`}`), "If-Match", tag)
	})
}

func (u *user) put(ctx context.Context, f *file) outcome {
	content := draw(100+u.random.IntN(300), 100+u.random.IntN(300), u.random.Uint64())
	return u.save(ctx, f, func(tag string) outcome {
		return u.call(ctx, http.MethodPut, f.path()+"/content", content, "If-Match", tag, "Content-Type", "image/jpeg")
	})
}

func (u *user) restore(ctx context.Context, f *file) outcome {
	listed := u.get(ctx, f.path()+"/versions")
	if !listed.good() {
		return listed
	}
	var list struct {
		Versions []struct {
			ID      string
			Current bool
		}
	}
	if err := json.Unmarshal(listed.body, &list); err != nil {
		return outcome{kind: err.Error()}
	}
	if len(list.Versions) < 3 {
		return listed // too few to go back to: the one before may be the same as the present one
	}
	id := list.Versions[1+u.random.IntN(len(list.Versions)-1)].ID
	return u.save(ctx, f, func(tag string) outcome {
		o := u.call(ctx, http.MethodPost, f.path()+"/versions/"+id+"/restore", nil, "If-Match", tag)
		if strings.HasPrefix(o.kind, "invalid: This is the present version") { // it has become so meanwhile
			o.kind = stale
		}
		return o
	})
}

func (u *user) describe(ctx context.Context, f *file) outcome {
	read := u.get(ctx, f.path()+"/properties")
	if !read.good() {
		return read
	}
	body := fmt.Sprintf(`{"title":"Title %d","tags":["tag%d"]}`, u.random.IntN(1000), u.random.IntN(10))
	return u.call(ctx, http.MethodPatch, f.path()+"/properties", []byte(body), "If-Match", read.header.Get("ETag"))
}
