// Package load measures what the main routes of the API bear behind the local Functions host, beside a bare net/http
// handler behind the same host in the same run: noise of the machine meets both. Afterwards it looks whether the
// program has anything left over.
//
// It does not judge the answers, but for their statuses.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/stack"
)

// Options say what is loaded, and how.
type Options struct {
	ScriptRoot  string        // of the program, whose host.json the bare handler has too
	Time        time.Duration // for each route
	Connections []int         // at once
	Rest        time.Duration // before it is looked at what is left over
}

// Usual are those of make load. The rest is longer than net/http keeps a connection that nobody uses, and than Go's
// runtime lets pass between two collections.
func Usual() Options {
	return Options{Time: 30 * time.Second, Connections: []int{50, 200}, Rest: 150 * time.Second}
}

var quiet = slog.New(slog.DiscardHandler)

const (
	// turns are the pieces of a route's time: between them the bare handler has its turn.
	turns = 3
	// startRest is longer than the program takes until it gives back what the start has left.
	startRest = 25 * time.Second
	// spare is how many goroutines may be there more than at the start: the runtime's own.
	spare = 5
)

// Run loads each route with each number of connections, and prints a line for each.
func Run(ctx context.Context, o Options, out io.Writer) error {
	written := &lines{}
	s, err := stack.Start(ctx,
		stack.Options{
			ScriptRoot: o.ScriptRoot,
			Kind:       true,
			Seed:       1,
			Strikes:    100,
			Output:     written.add,
			Settings: map[string]string{
				"IMAGEPRO_TENANT_UNITS": "0", // the budget is not what is measured
				"IMAGEPRO_LOG_LEVEL":    "WARN",
			},
		})
	if err != nil {
		return err
	}
	defer s.Stop()
	bare, stop, err := startBare(ctx, o.ScriptRoot)
	if err != nil {
		return err
	}
	defer stop()
	routes, err := prepare(ctx, s)
	if err != nil {
		return err
	}
	before, err := look(ctx, s, written, min(o.Rest, startRest)) // what follows begins with another process
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "at rest before the load:", before)
	fmt.Fprintf(out, "%-22s %5s %8s %9s %9s %7s   %8s %9s %9s   %s\n", "", "at", "", "", "", "", "bare", "", "",
		"ratios to bare")
	fmt.Fprintf(out, "%-22s %5s %8s %9s %9s %7s   %8s %9s %9s   %5s %5s %5s\n", "route", "once", "req/s", "p50", "p99",
		"errors", "req/s", "p50", "p99", "req/s", "p50", "p99")
	failed := 0
	for _, connections := range o.Connections {
		for _, r := range routes {
			ours, theirs, err := besides(ctx, s.Host.URL(), bare.URL(), r, connections, o.Time)
			if err != nil {
				return err
			}
			failed += ours.errors
			fmt.Fprintf(out, "%-22s %5d %8.0f %9s %9s %7d   %8.0f %9s %9s   %5.2f %5.1f %5.1f\n", r.name, connections,
				ours.rate(), ms(ours.at(.5)), ms(ours.at(.99)), ours.errors, theirs.rate(), ms(theirs.at(.5)),
				ms(theirs.at(.99)),
				ours.rate()/theirs.rate(), ratio(ours.at(.5), theirs.at(.5)), ratio(ours.at(.99), theirs.at(.99)))
		}
	}
	after, err := look(ctx, s, written, o.Rest)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "at rest %v after the load: %v\n", o.Rest, after)
	switch {
	case failed > 0:
		return fmt.Errorf("%d requests were not answered well", failed)
	case after.goroutines > before.goroutines+spare:
		return fmt.Errorf("%d goroutines were left over", after.goroutines-before.goroutines)
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

// besides loads a route and the bare handler in turns.
func besides(
	ctx context.Context, ours, bare string, r route, connections int, whole time.Duration,
) (a, b result, err error) {
	for range turns {
		one, err := press(ctx, ours, r, connections, whole/turns)
		if err != nil {
			return a, b, err
		}
		other, err := press(ctx, bare, r, connections, whole/turns)
		if err != nil {
			return a, b, err
		}
		a, b = a.with(one), b.with(other)
	}
	if len(a.took) == 0 || len(b.took) == 0 {
		return a, b, fmt.Errorf("%s: no request was answered well", r.name)
	}
	return a, b, nil
}

// route is a request that is made again and again.
type route struct {
	name, method, path, token string
	body                      []byte
}

// result is what came of requests.
type result struct {
	took   []time.Duration // of those that were answered well
	errors int
	whole  time.Duration
}

func (r result) with(other result) result {
	return result{append(r.took, other.took...), r.errors + other.errors, r.whole + other.whole}
}

func (r result) rate() float64 { return float64(len(r.took)) / r.whole.Seconds() }

// at returns how long a share of the requests took at the most.
func (r result) at(share float64) time.Duration {
	slices.Sort(r.took)
	return r.took[int(share*float64(len(r.took)-1))]
}

// press makes requests for a while, over so many connections at once.
func press(ctx context.Context, base string, r route, connections int, whole time.Duration) (result, error) {
	transport := &http.Transport{
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
		DisableCompression:  true,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	each := make([]result, connections)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range each {
		all.Go(func() {
			for time.Since(begin) < whole && ctx.Err() == nil {
				at := time.Now()
				if err := r.ask(ctx, client, base); err != nil {
					each[i].errors++
					continue
				}
				each[i].took = append(each[i].took, time.Since(at))
			}
		})
	}
	all.Wait()
	sum := result{whole: time.Since(begin)}
	for _, one := range each {
		sum.took, sum.errors = append(sum.took, one.took...), sum.errors+one.errors
	}
	return sum, ctx.Err()
}

func (r route) ask(ctx context.Context, client *http.Client, base string) error {
	request, err := http.NewRequestWithContext(ctx, r.method, base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// prepare puts what the routes show into the sandbox, and returns the routes: those that a tab asks for when it is
// opened and looked at.
func prepare(ctx context.Context, s *stack.Stack) ([]route, error) {
	site, err := s.Sandbox.Graph.AddSite(s.Scene.Contoso.ID, "Load", s.Scene.Adele.ID)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "load-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	drawn, err := photos.Draw(dir, photos.Options{Count: pictures, Seed: 1, MinMegapixels: 0.3, MaxMegapixels: 1})
	if err != nil {
		return nil, err
	}
	first := ""
	for _, photo := range drawn {
		content, err := os.ReadFile(photo.Path)
		if err != nil {
			return nil, err
		}
		item, err := s.Sandbox.Graph.PutFile(site.DriveID, photo.Name, bytes.NewReader(content), s.Scene.Adele.ID)
		if err != nil {
			return nil, err
		}
		first = item.ID
	}
	tab, err := s.Tab(s.Scene.Adele)
	if err != nil {
		return nil, err
	}
	id, err := tab.CreateTab(ctx, map[string]any{"title": "Load", "siteId": site.ID, "driveId": site.DriveID})
	if err != nil {
		return nil, err
	}
	image := "/api/images/" + site.DriveID + "/" + first
	return []route{
		{name: "GET /health", method: http.MethodGet, path: "/api/health"},
		{name: "GET /tabs/{id}", method: http.MethodGet, path: "/api/tabs/" + id, token: tab.Token},
		{name: "GET /bulk-edits", method: http.MethodGet, path: "/api/bulk-edits", token: tab.Token},
		{
			name:   "GET /drives/{id}/items",
			method: http.MethodGet,
			path:   "/api/drives/" + site.DriveID + "/items",
			token:  tab.Token,
		},
		{name: "GET /images/{}/{}", method: http.MethodGet, path: image, token: tab.Token},
		{name: "GET .../thumbnails", method: http.MethodGet, path: image + "/thumbnails/medium", token: tab.Token},
	}, nil
}

// pictures is how many the folder has.
const pictures = 20
