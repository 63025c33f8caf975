// The program behind make run and make demo: it starts everything that Image Pro needs on this machine,
// lets a signed-in user edit a folder of photographs in bulk, checks every result, and shows it.
//
//	go run ./handler/dev [flags] run     the demo, then keep serving until Ctrl-C
//	go run ./handler/dev [flags] demo    the demo, then end: 0 only if everything was verified
//	go run ./handler/dev [flags] load    what the main routes bear, beside a bare handler
//	go run ./handler/dev [flags] people  many people at work for ten minutes on a sandbox that makes trouble; 0 only
//	                                     if every answer was clear, and no write lost or doubled
//	go run ./handler/dev [flags] chaos   bulk edits while everything breaks; 0 only if each image was edited once
//	go run ./handler/dev [flags] bench-bulk   what an image of a bulk edit costs, of 100 and of 10,000
//	go run ./handler/dev [flags] browser [file [name]]   tries the tab in Chromium
//	go run ./handler/dev [flags] bench-tab   measures the tab in Chromium, with 5,000 pictures
//	go run ./handler/dev [flags] teams   build/teams.zip, the Teams app package
//	go run ./handler/dev [flags] openapi   prints the API's document (OpenAPI 3.1)
//	go run ./handler/dev [flags] check-package   the demo with what is in that zip
//	go run ./handler/dev [flags] sbom    the bills of materials, build/sbom.json and build/sbom-tab.json
//	go run ./handler/dev [flags] pack    build/image-pro.zip from what make build laid out
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"imagepro/handler/dev/bulkbench"
	"imagepro/handler/dev/chaos"
	"imagepro/handler/dev/load"
	"imagepro/handler/dev/meter"
	"imagepro/handler/dev/people"
	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "\nimage pro:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	app    string // script root
	out    string // where the demo leaves its files
	photos string // the user's own photographs
	port   string
	kill   bool
	kind   bool
	log    bool
	time   time.Duration // of people, and of each route of load
	rest   time.Duration // of load
	seed   uint64        // of chaos
	images int           // of chaos and bench-bulk
	stdout io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o := options{stdout: out}
	flags := flag.NewFlagSet("dev", flag.ContinueOnError)
	flags.StringVar(&o.app, "app", "build/app", "script root that make build laid out")
	flags.StringVar(&o.out, "out", "build/demo", "folder for the contact sheet, the token and the drawn photographs")
	flags.StringVar(&o.photos, "photos", "", "folder with photographs of your own (default: 24 are drawn)")
	flags.StringVar(&o.port, "port", "",
		"port of the local Functions host (default: 7071, or a free one if that is taken)")
	flags.BoolVar(&o.kill, "kill", false, "kill the handler with SIGKILL once in the middle of the demo")
	flags.BoolVar(&o.kind, "kind", false,
		"switch the sandbox's unkindness off (throttling, broken connections, moving tags)")
	flags.BoolVar(&o.log, "log", false, "show what the handler and the host log")
	flags.DurationVar(&o.time, "time", 0,
		"how long people are at work, 10m unless it is said, and each route is loaded, 30s")
	flags.DurationVar(&o.rest, "rest", load.Usual().Rest,
		"how long the program rests after load, before it is looked at what is left over")
	flags.Uint64Var(&o.seed, "seed", chaos.Usual().Seed, "what the chances of chaos come from")
	flags.IntVar(&o.images, "images", 0,
		"how many images chaos edits, 500 unless it is said, and bench-bulk at the most, 10000")
	if err := flags.Parse(args); err != nil {
		return err
	}
	commands := map[string]func() error{
		"run": func() error { return mainJob(ctx, o, true) }, "demo": func() error { return mainJob(ctx, o, false) },
		"load": func() error { return pressure(ctx, o) }, "bare": func() error {
			return load.ServeBare(ctx)
		}, "people": func() error {
			return crowd(ctx, o)
		}, "chaos": func() error {
			return mayhem(ctx, o)
		}, "bench-bulk": func() error {
			return benchBulk(ctx, o)
		},
		"calls":   func() error { return bulkbench.Measure(ctx, os.Stdin, out) }, // a child of bench-bulk
		"openapi": func() error { return printOpenAPI(out) }, "teams": func() error { return teamsPackage(ctx, o) },
		"pack": func() error {
			return pack(o.app, filepath.Join(filepath.Dir(o.app), packageName), out)
		}, "check-package": func() error {
			return checkPackage(ctx, o)
		},
		"sbom": func() error { return bills(ctx, o) },
		"browser": func() error {
			return inBrowser(ctx, o, browserTests(flags.Arg(1), flags.Arg(2))...)
		},
		"bench-tab": func() error {
			o.images = cmp.Or(o.images, 5000)
			return inBrowser(ctx, o, "browser/measure.mjs")
		},
	}
	command := commands[flags.Arg(0)]
	most := map[string]int{"browser": 3}[flags.Arg(0)] // a file of tests, and what their names fit
	if command == nil || flags.NArg() > max(most, 1) {
		return fmt.Errorf("name one command, of %s, not %q", strings.Join(slices.Sorted(maps.Keys(commands)), ", "),
			strings.Join(flags.Args(), " "))
	}
	return command()
}

// mainJob lets a user edit photographs in bulk, and goes on serving if that is wanted.
func mainJob(ctx context.Context, o options, goOn bool) error {
	pictures, err := prepare(o)
	if err != nil {
		return err
	}
	fmt.Fprintln(o.stdout,
		"starting Azurite, the sandbox (Entra ID, Graph, SharePoint), the Functions host and the handler ...")
	s, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Stop()
	result, err := demo(ctx, s, pictures, o)
	if err != nil {
		return err
	}
	if goOn {
		if err := serve(ctx, s, o, result); err != nil {
			return err
		}
	}
	return result.verdict()
}

// crowd lets many people work at once, and prints what came of it.
func crowd(ctx context.Context, o options) error {
	s, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Stop()
	crowd := people.Usual()
	crowd.Time = cmp.Or(o.time, crowd.Time)
	fmt.Fprintf(o.stdout, "%d people of %d organizations are at work for %v ...\n", crowd.Users, crowd.Tenants,
		crowd.Time)
	report, err := people.Run(ctx, s, crowd)
	if err != nil {
		return err
	}
	fmt.Fprint(o.stdout, report)
	if len(report.Violations) > 0 {
		return errors.New("something happened that must not")
	}
	return nil
}

// pressure loads the main routes, and prints what they bore.
func pressure(ctx context.Context, o options) error {
	usual := load.Usual()
	usual.ScriptRoot, usual.Time, usual.Rest = o.app, cmp.Or(o.time, usual.Time), o.rest
	return load.Run(ctx, usual, o.stdout)
}

// metered starts a kind stack whose requests to storage are counted.
func metered(ctx context.Context, o options, with map[string]string) (s *stack.Stack, m *meter.Meter, err error) {
	settings := stack.Options{
		Settings:   with,
		ScriptRoot: o.app,
		Seed:       o.seed,
		Kind:       true,
		Strikes:    1000,
		Storage: func(
			connection string,
		) (behind string, stop func(), err error) {
			m, behind, stop, err = meter.Around(connection)
			return behind, stop, err
		},
	}
	if o.log {
		settings.Log, settings.Output = showLogs()
	}
	s, err = stack.Start(ctx, settings)
	return s, m, err
}

// benchBulk measures bulk edits.
func benchBulk(ctx context.Context, o options) error {
	s, m, err := metered(ctx, o, map[string]string{"IMAGEPRO_TENANT_UNITS": "0"}) // the budget is not what is measured
	if err != nil {
		return err
	}
	defer s.Stop()
	most := cmp.Or(o.images, 10_000)
	sizes := []int{100}
	for n := 1000; n < most; n *= 10 {
		sizes = append(sizes, n)
	}
	return bulkbench.Run(ctx, s, m, append(sizes, most), o.stdout)
}

// mayhem edits in bulk while everything breaks, and prints what came of it.
func mayhem(ctx context.Context, o options) error {
	s, m, err := metered(ctx, o, nil)
	if err != nil {
		return err
	}
	defer s.Stop()
	usual := chaos.Usual()
	usual.Images, usual.Seed = cmp.Or(o.images, usual.Images), o.seed
	usual.Log = func(format string, args ...any) { fmt.Fprintf(o.stdout, format+"\n", args...) }
	fmt.Fprintf(o.stdout, "%d bulk edits of %d organizations edit %d images; SEED=%d\n", usual.Jobs, usual.Tenants,
		usual.Images, usual.Seed)
	report, err := chaos.Run(ctx, s, m, usual)
	if err != nil {
		return err
	}
	edits := float64(report.Images + report.Undone)
	fmt.Fprintf(o.stdout,
		"%d images of one bulk edit were undone; %v in all; with all that was repeated %.1f storage transactions "+
			"and %.1f requests to Graph and SharePoint for each\n",
		report.Undone, report.Took.Round(time.Second), float64(report.Storage)/edits, float64(report.Graph)/edits)
	for _, problem := range report.Problems {
		fmt.Fprintln(o.stdout, "problem:", problem)
	}
	fmt.Fprintln(o.stdout, report)
	if !report.Good() {
		return errors.New("something happened that must not")
	}
	return nil
}

// prepare draws the photographs, or lists the user's own.
func prepare(o options) ([]photos.Photo, error) {
	if o.photos != "" {
		fmt.Fprintln(o.stdout, "taking the photographs in", o.photos)
		return photos.Load(o.photos, maxOwnPhotos)
	}
	dir := filepath.Join(o.out, "photos")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	fmt.Fprintln(o.stdout, "drawing photographs ...")
	begin := time.Now()
	drawn, err := photos.Draw(dir, photos.Options{Seed: 1})
	if err == nil {
		fmt.Fprintf(o.stdout, "drew %d photographs in %.1f s: %s\n", len(drawn), time.Since(begin).Seconds(), dir)
	}
	return drawn, err
}

const (
	maxOwnPhotos = 1000
	usualPort    = "7071"
)

// start starts the stack on the port that was asked for, or on the usual one if it is free.
func start(ctx context.Context, o options) (*stack.Stack, error) {
	if _, err := os.Stat(filepath.Join(o.app, "handler")); err != nil {
		return nil, fmt.Errorf("the program is not built in %s: run make build", o.app)
	}
	settings := stack.Options{ScriptRoot: o.app, Kind: o.kind, Seed: 1}
	if o.log {
		settings.Log, settings.Output = showLogs()
	}
	port := o.port
	if port == "" {
		port = usualPort
	}
	settings.Addr = "127.0.0.1:" + port
	s, err := stack.Start(ctx, settings)
	if err != nil && o.port == "" && errors.Is(err, syscall.EADDRINUSE) {
		fmt.Fprintln(o.stdout, "port", usualPort, "is taken; using a free one (PORT= names one)")
		settings.Addr = "127.0.0.1:0"
		s, err = stack.Start(ctx, settings)
	}
	return s, err
}
