// Package bulkbench measures bulk edits: how fast they are, what an image costs, and whether that stays so when there
// are many. It prints a table, with the pure engine and the bare calls beside it in the same run.
package bulkbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/dev/chaos"
	"imagepro/handler/dev/meter"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// edit is the recipe of all jobs but those of whole photographs, which has all their pixels to go through.
const (
	edit      = `{"version":1,"steps":[{"op":"resize","width":400},{"op":"adjust","brightness":5}]}`
	editWhole = `{"version":1,"steps":[{"op":"adjust","brightness":5}]}`
)

// bench is a stack under measurement.
type bench struct {
	*stack.Stack
	meter *meter.Meter
	out   io.Writer
	graph int // calls that were counted so far
	call  int // number of the last of them
	users int
}

// library is a user's, with images.
type library struct {
	user  directory.User
	tab   *stack.Tab
	site  graph.Site
	items []string
}

// Run measures jobs of so many images.
func Run(ctx context.Context, s *stack.Stack, m *meter.Meter, sizes []int, out io.Writer) error {
	b := &bench{Stack: s, meter: m, out: out}
	warm, err := b.library("", 50, pictures)
	if err != nil {
		return err
	}
	if _, err := b.measure(ctx, warm); err != nil {
		return err
	}
	engine, err := engineCost(ctx)
	if err != nil {
		return err
	}
	calls, err := b.callCost(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "one image of 640×480, ms of CPU: engine %.2f, bare calls %.2f\n\n", engine*1000, calls*1000)
	fmt.Fprintln(
		out, "  images  planned in  images/s  CPU ms/image  beside engine+calls  storage/image  Graph/image  memory "+
			"at 10 %, 50 %, 100 %")
	var rows []row
	for _, n := range sizes {
		l, err := b.library("", n, pictures)
		if err != nil {
			return err
		}
		r, err := b.measure(ctx, l)
		if err != nil {
			return err
		}
		rows = append(rows, r)
		fmt.Fprintf(out, "%8d %9.1f s %9.1f %13.2f %20.2f %14.2f %12.2f %10.0f %5.0f %5.0f MB\n", n, r.plan.Seconds(),
			float64(n)/r.work.Seconds(), r.cpu*1000,
			r.cpu/(engine+calls), r.storage, r.graph, r.memory[0], r.memory[1], r.memory[2])
	}
	first, last := rows[0], rows[len(rows)-1]
	fmt.Fprintf(
		out, "\nbench: bulk cpu %.2f peer engine+calls\nbench: bulk cost %.2f peer %d images\nbench: bulk memory "+
			"%.2f peer itself at 10 %%\n",
		last.cpu/(engine+calls), last.cpu/first.cpu, sizes[0], last.memory[2]/last.memory[0])
	fmt.Fprintf(out, "bench: bulk storage %.2f graph %.2f for each image, with", last.storage, last.graph)
	for _, kind := range slices.Sorted(maps.Keys(last.kinds)) {
		fmt.Fprintf(out, " %s %.2f", kind, float64(last.kinds[kind])/float64(sizes[len(sizes)-1]))
	}
	fmt.Fprintln(out)
	for _, c := range []crowd{
		{"small pictures", pictures, edit, max(3000, sizes[len(sizes)-1]/3)},
		{"photographs", photographs(), editWhole, 1000},
	} {
		if err := b.fairness(ctx, c); err != nil {
			return err
		}
	}
	return b.planning(ctx, 10*sizes[len(sizes)-1])
}

// planning lists many files and ends the job as soon as they are recorded.
func (b *bench) planning(ctx context.Context, n int) error {
	l, err := b.empty("")
	if err != nil {
		return err
	}
	dot := chaos.Draw(8, 8, 1)
	for i := range n {
		if _, err := b.Sandbox.Graph.PutFile(l.site.DriveID, fmt.Sprintf("%03d/%06d.jpg", i/500, i),
			bytes.NewReader(dot), l.user.ID); err != nil {
			return err
		}
	}
	if err := l.tab.Me(ctx); err != nil {
		return err
	}
	begin, before := time.Now(), b.meter.Counts()
	job, err := l.submit(ctx, edit)
	most := 0.0
	for err == nil && job.State == "planning" {
		most = max(most, b.handlerMemory())
		time.Sleep(lookEvery)
		job, err = l.tab.Job(ctx, job.ID)
	}
	if err != nil || job.Counts.Planned != n {
		return errors.Join(
			fmt.Errorf("bulkbench: %d of %d files were planned, the job is %s", job.Counts.Planned, n, job.State), err)
	}
	_, storage := b.meter.Counts().Since(before)
	fmt.Fprintf(b.out, "bench: bulk planning of %d files %.1f s, %.3f storage transactions for each, at most %.0f MB\n",
		n, time.Since(begin).Seconds(), float64(storage)/float64(n), most)
	return l.tab.Cancel(ctx, job.ID)
}

// library makes a user with images. Those of one tenant share its window.
func (b *bench) library(tenant string, n int, pictures [][]byte) (*library, error) {
	l, err := b.empty(tenant)
	if err != nil {
		return nil, err
	}
	for i := range n {
		item, err := b.Sandbox.Graph.PutFile(l.site.DriveID, fmt.Sprintf("%02d/%05d.jpg", i%50, i),
			bytes.NewReader(pictures[i%len(pictures)]), l.user.ID)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, item.ID)
	}
	return l, nil
}

// empty makes a user with a library that holds nothing.
func (b *bench) empty(tenant string) (*library, error) {
	b.users++
	if tenant == "" {
		tenant = directory.NewID()
		b.Sandbox.Directory.PutTenant(
			directory.Tenant{ID: tenant, Name: fmt.Sprint("Bench ", b.users), Domain: fmt.Sprint("bench", b.users)})
		b.Sandbox.Entra.Consent(tenant, "", b.Scene.App.ID, b.Scene.App.Scopes...)
	}
	l := &library{user: directory.User{
		Tenant: tenant,
		ID:     directory.NewID(),
		UPN:    fmt.Sprintf("bench%d@bench.example", b.users),
		Name:   "Bench",
	}}
	if err := b.Sandbox.Directory.PutUser(l.user); err != nil {
		return nil, err
	}
	var err error
	if l.site, err = b.Sandbox.Graph.AddSite(tenant, fmt.Sprint("bench", b.users), l.user.ID); err != nil {
		return nil, err
	}
	l.tab, err = b.Tab(l.user)
	return l, err
}

// pictures are those of all libraries but those of photographs.
var pictures = func() [][]byte {
	var all [][]byte
	for seed := range uint64(20) {
		all = append(all, chaos.Draw(640, 480, seed))
	}
	return all
}()

// photographs are of 6 megapixels.
func photographs() [][]byte {
	var all [][]byte
	for seed := range uint64(4) {
		all = append(all, chaos.Draw(3000, 2000, seed))
	}
	return all
}

// row is what was measured of one job.
type row struct {
	plan, work     time.Duration
	cpu            float64 // seconds for an image, planning included
	storage, graph float64 // requests for an image, all included but empty polls
	memory         [3]float64
	kinds          meter.Counts
}

func (l *library) submit(ctx context.Context, edits string) (stack.Job, error) {
	return l.tab.Submit(ctx, map[string]any{
		"source": map[string]any{
			"folder": map[string]any{"driveId": l.site.DriveID, "itemId": "root", "recursive": true}},
		"recipe": json.RawMessage(edits),
	})
}

const lookEvery = 300 * time.Millisecond

// measure runs a job over all images of a library.
func (b *bench) measure(ctx context.Context, l *library) (row, error) {
	var r row
	if err := l.tab.Me(ctx); err != nil { // the sign-in is no part of it
		return r, err
	}
	b.countGraph()
	before, calls, cpu, begin := b.meter.Counts(), b.graph, b.handlerCPU(), time.Now()
	job, err := l.submit(ctx, edit)
	if err != nil {
		return r, err
	}
	var planned time.Time
	marks := [3]int{len(l.items) / 10, len(l.items) / 2, len(l.items)}
	job, err = l.tab.Wait(ctx, job.ID, lookEvery, func(j stack.Job) {
		b.countGraph()
		if planned.IsZero() && j.State != "planning" {
			planned = time.Now()
		}
		for i, mark := range marks {
			if r.memory[i] == 0 && j.Counts.Edited >= mark {
				r.memory[i] = b.handlerMemory()
			}
		}
	})
	if err != nil {
		return r, err
	}
	if job.Counts.Edited != len(l.items) {
		return r, fmt.Errorf("bulkbench: %d of %d images were edited: %+v", job.Counts.Edited, len(l.items), job.Counts)
	}
	n := float64(len(l.items))
	r.plan, r.work = planned.Sub(begin), time.Since(planned)
	r.cpu = (b.handlerCPU() - cpu) / n
	time.Sleep(time.Second) // for the deletes of the last messages
	kinds, storage := b.meter.Counts().Since(before)
	r.kinds = kinds
	b.countGraph()
	r.storage, r.graph = float64(storage)/n, float64(b.graph-calls)/n
	return r, nil
}

// countGraph counts calls of Graph and SharePoint before the sandbox forgets them.
func (b *bench) countGraph() {
	for _, call := range b.Sandbox.Trouble.History(trouble.Filter{After: b.call}) {
		if call.Service != "entra" {
			b.graph++
		}
		b.call = call.Number
	}
}

// handlerCPU is what the handler's process has used, in seconds (proc(5): fields 14 and 15, in ticks of 10 ms).
func (b *bench) handlerCPU() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.Host.HandlerPID()))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

// handlerMemory is the resident memory of the handler's process, in MB (proc(5): statm).
func (b *bench) handlerMemory() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", b.Host.HandlerPID()))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize()) / 1e6
}

// engineCost is what the edit of one image costs by itself, in seconds of CPU.
func engineCost(ctx context.Context) (float64, error) {
	r, err := recipe.Parse([]byte(edit))
	if err != nil {
		return 0, err
	}
	room := imaging.NewRoom(runtime.GOMAXPROCS(0))
	const times = 400
	var before time.Duration
	for n := range times + times/4 {
		if n == times/4 { // warm by then
			before = cpuOfThis()
		}
		if _, err := room.Edit(ctx, pictures[n%len(pictures)], r,
			imaging.Options{Limits: imaging.DefaultLimits(), Time: time.Now()}); err != nil {
			return 0, err
		}
	}
	return (cpuOfThis() - before).Seconds() / times, nil
}

// callCost is what the calls for one image cost by themselves, in seconds of CPU of a process that makes them.
func (b *bench) callCost(ctx context.Context) (float64, error) {
	l, err := b.library("", 500, pictures)
	if err != nil {
		return 0, err
	}
	if err := l.tab.Me(ctx); err != nil {
		return 0, err
	}
	token, err := l.tab.GraphToken(ctx)
	if err != nil {
		return 0, err
	}
	input, err := json.Marshal(Calls{
		Connection: b.Settings["AzureWebJobsStorage"],
		Graph:      b.Sandbox.GraphURL,
		CA:         b.Settings["SSL_CERT_FILE"],
		Token:      token,
		Tenant:     l.user.Tenant,
		User:       l.user.ID,
		Job:        "calls",
		Drive:      l.site.DriveID,
		Items:      l.items,
	})
	if err != nil {
		return 0, err
	}
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	child := exec.CommandContext(ctx, program, "calls")
	child.Stdin, child.Stderr = bytes.NewReader(input), os.Stderr
	text, err := child.Output()
	if err != nil {
		return 0, errors.Join(errors.New("bulkbench: measuring the calls"), err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
}

// crowd is whose jobs are compared by fairness: pictures, what is done to them, and how many the large job has.
type crowd struct {
	what     string
	pictures [][]byte
	recipe   string
	large    int
}

// fairness compares how long a small job takes alone and beside a large one, of the same organization and of another.
//
// The host polls a queue that was empty every two seconds at the longest, so the mean of some jobs is taken.
func (b *bench) fairness(ctx context.Context, c crowd) error {
	const small, times = 20, 4
	took := func(tenant string) (float64, error) {
		total := 0.0
		for range times {
			l, err := b.library(tenant, small, c.pictures)
			if err == nil {
				err = l.tab.Me(ctx) // the sign-in is no part of it
			}
			if err != nil {
				return 0, err
			}
			begin := time.Now()
			job, err := l.submit(ctx, c.recipe)
			if err == nil {
				_, err = l.tab.Wait(ctx, job.ID, lookEvery, nil)
			}
			if err != nil {
				return 0, err
			}
			total += time.Since(begin).Seconds()
		}
		return total / times, nil
	}
	alone, err := took("")
	if err != nil {
		return err
	}
	big, err := b.library("", c.large, c.pictures)
	if err != nil {
		return err
	}
	if err := big.tab.Me(ctx); err != nil {
		return err
	}
	job, err := big.submit(ctx, c.recipe)
	if err != nil {
		return err
	}
	for job.State == "planning" || job.Counts.Edited < c.large/20 {
		if job, err = big.tab.Job(ctx, job.ID); err != nil {
			return err
		}
		time.Sleep(lookEvery)
	}
	for _, of := range []struct{ what, tenant string }{{"same", big.user.Tenant}, {"other", ""}} {
		beside, err := took(of.tenant)
		if err != nil {
			return err
		}
		fmt.Fprintf(b.out, "bench: bulk fair %.2f peer itself alone (%d %s beside %d of the %s organization, %.1f s)\n",
			beside/alone, small, c.what, c.large, of.what, beside)
	}
	if job, err = big.tab.Job(ctx, job.ID); err == nil && job.Final() {
		err = errors.New("bulkbench: the large bulk edit was over before the small ones")
	}
	return err
}
