// Package peer compares the engine with sharp, in processes of their own.
package peer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"imagepro/handler/dev/photos"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// workloads are recipes; peer.mjs has the same for sharp. The check of their results may take so many percent of the
// CPU.
var workloads = []struct {
	name, steps, output string
	check               float64
}{
	{"W1", `{"op":"resize","width":320}`, `"quality":80`, 10},
	{"W2", `{"op":"resize","width":1600}`, `"quality":80`, 10},
	{"W3", `{"op":"resize","width":1600},{"op":"adjust","brightness":5,"contrast":10,"saturation":20},` +
		`{"op":"sharpen","sigma":1},{"op":"text","text":"© Contoso 2026","size":48}`, `"quality":80`, 10},
	{"W4", `{"op":"rotate","angle":90}`, `"quality":90`, 25},
	{"W5", `{"op":"resize","width":800}`, `"format":"png"`, 25},
	{"W6", `{"op":"adjust","brightness":5,"contrast":10,"saturation":20,"hue":10}`, `"quality":90`, 25},
}

// side makes this program one side of the comparison (a workload, a file, how many times), lets it tell what the check
// of results costs (the same), or draws its pictures (to a folder, how many, of how many megapixels).
const side = "IMAGE_PRO_PEER"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(side) {
	case "":
		os.Exit(m.Run())
	case "draw":
		count, _ := strconv.Atoi(os.Args[2])
		megapixels, _ := strconv.ParseFloat(os.Args[3], 64)
		_, err = photos.Draw(os.Args[1],
			photos.Options{Count: count, MinMegapixels: megapixels, MaxMegapixels: megapixels})
	case "check":
		err = check(os.Args[1], os.Args[2], os.Args[3])
	default:
		err = run(os.Args[1], os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// drawn returns one with an ending of some pictures that another process drew. The peak of memory that Linux tells of a
// process is never below that of the process that started it, so this one has to stay small.
func drawn(b *testing.B, count, megapixels, ending string) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	folder := b.TempDir()
	command := exec.Command(self, folder, count, megapixels)
	command.Env = append(os.Environ(), side+"=draw")
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*"+ending))
	if err != nil || len(found) == 0 {
		b.Fatalf("no %s was drawn: %v", ending, err)
	}
	return found[0]
}

// edits returns a workload on a file, for a purpose, and how often it is asked for.
func edits(workload, file, times string) (edit func(imaging.Purpose) (imaging.Result, error), n int, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, 0, err
	}
	if n, err = strconv.Atoi(times); err != nil {
		return nil, 0, err
	}
	for _, w := range workloads {
		if w.name != workload {
			continue
		}
		r, err := recipe.Parse([]byte(`{"version":1,"steps":[` + w.steps + `],"output":{` + w.output + `}}`))
		if err != nil {
			return nil, 0, err
		}
		return func(to imaging.Purpose) (imaging.Result, error) {
			return imaging.Edit(context.Background(), src, r, imaging.Options{For: to})
		}, n, nil
	}
	return nil, 0, fmt.Errorf("no workload %s", workload)
}

// run edits a file as often as asked and prints how many bytes the last result has.
func run(workload, file, times string) error {
	edit, n, err := edits(workload, file, times)
	if err != nil {
		return err
	}
	var result imaging.Result
	for range n {
		if result, err = edit(imaging.ToSave); err != nil {
			return err
		}
	}
	fmt.Println(len(result.Data))
	return nil
}

// check edits a file as often as asked with the check of results and without it, in turns, so that what else the
// machine does adds to both, and prints the share of CPU seconds that the check takes, in percent.
func check(workload, file, times string) error {
	edit, n, err := edits(workload, file, times)
	if err != nil {
		return err
	}
	var used [2]time.Duration
	for i := range 2 * n {
		before := processorTime()
		if _, err := edit([]imaging.Purpose{imaging.ToSave, imaging.ToPreview}[i%2]); err != nil {
			return err
		}
		if i > 1 { // the first fill caches
			used[i%2] += processorTime() - before
		}
	}
	fmt.Println(100 * (1 - used[1].Seconds()/used[0].Seconds()))
	return nil
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for other processes alone
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cost is what a process took: for one picture.
type cost struct {
	cpu  time.Duration
	rss  int64   // bytes at the peak
	said float64 // what it printed: how many bytes a result has, or a share in percent
}

func measure(b *testing.B, times int, command *exec.Cmd) cost {
	b.Helper()
	var out, problem bytes.Buffer
	command.Stdout, command.Stderr = &out, &problem
	if err := command.Run(); err != nil {
		b.Fatalf("%v\n%s", err, problem.String())
	}
	said, err := strconv.ParseFloat(string(bytes.TrimSpace(out.Bytes())), 64)
	if err != nil || said == 0 {
		b.Fatalf("%q: %v", out.String(), err)
	}
	state := command.ProcessState
	usage := state.SysUsage().(*syscall.Rusage)
	return cost{(state.UserTime() + state.SystemTime()) / time.Duration(times), usage.Maxrss << 10, said}
}

// BenchmarkPeer runs the engine and sharp side by side, whole processes with start and end, and prints the ratios of
// the medians: of CPU seconds, of the peak of memory, of the results' lengths. Below 1 the engine takes less. Apart
// from that it prints the share of the engine's CPU seconds that the check of results takes.
//
//	make bench PKG=./handler/dev/peer
func BenchmarkPeer(b *testing.B) {
	if _, err := os.Stat(filepath.Join("node_modules", "sharp")); err != nil {
		b.Skip("sharp is not installed: make bench installs it")
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	large, cutout := drawn(b, "1", "12", ".[jJ]*"), drawn(b, "9", "4", ".[pP]*")
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			file, times := large, "20"
			if w.name == "W5" {
				file = cutout
			}
			n, _ := strconv.Atoi(times)
			us := func(as string) cost {
				command := exec.Command(self, w.name, file, times)
				command.Env = append(os.Environ(), side+"="+as)
				return measure(b, n, command)
			}
			var ours, checks, theirs []cost
			for b.Loop() {
				ours = append(ours, us("edit"))
				checks = append(checks, us("check"))
				theirs = append(theirs, measure(b, n, exec.Command("node", "peer.mjs", w.name, file, times)))
			}
			cpu := func(c cost) float64 { return c.cpu.Seconds() }
			rss := func(c cost) float64 { return float64(c.rss) }
			length := func(c cost) float64 { return c.said }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(1000*median(ours, cpu), "ms/image")
			b.ReportMetric(median(ours, rss)/(1<<20), "MiB")
			fmt.Printf("bench: %s cpu %.2f rss %.2f bytes %.2f peer sharp\n", w.name,
				median(ours, cpu)/median(theirs, cpu), median(ours, rss)/median(theirs, rss),
				median(ours, length)/median(theirs, length))
			share := median(checks, func(c cost) float64 { return c.said })
			fmt.Printf("bench: %s check %.1f %% of cpu\n", w.name, share)
			if share > w.check {
				b.Errorf("the check took %.1f %% of the CPU; at most %.0f are expected", share, w.check)
			}
		})
	}
}

// largestRSS is how much memory the whole process may take at the peak for the largest picture that is edited, in MB.
// The standard library's decoder, which makes no picture smaller, takes a little more.
const largestRSS = 400

// BenchmarkLargest edits a photograph of almost 50 megapixels in a process of its own and checks the peak of its
// memory.
func BenchmarkLargest(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	file := drawn(b, "1", "49.5", ".[jJ]*")
	var ours []cost
	for b.Loop() {
		us := exec.Command(self, "W3", file, "1")
		us.Env = append(os.Environ(), side+"=edit")
		ours = append(ours, measure(b, 1, us))
	}
	rss := median(ours, func(c cost) float64 { return float64(c.rss) }) / 1e6
	b.ReportMetric(rss, "MB")
	fmt.Printf("bench: 50MP W3 rss %.0f MB\n", rss)
	if rss > largestRSS && jpegcodec.Turbo {
		b.Errorf("the process took %.0f MB at the peak; at most %d are expected", rss, largestRSS)
	}
}

func median(costs []cost, of func(cost) float64) float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
