package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"imagepro/handler/dev/child"
	"imagepro/handler/dev/dump"
	"imagepro/handler/dev/port"
	"imagepro/handler/dev/stack"
)

// BenchmarkTab measures GET /api/tabs/{id} of the real binary over 200 connections at once, remembered and not,
// beside a raw read of the same record with Azure's SDK over as many, in one run on one machine:
//
//	go test ./handler/dev -run '^$' -bench Tab -benchtime 5x
//
// The goals are ratios at the median: at most 1.5 when nothing is remembered, below 0.5 when it is.
func BenchmarkTab(b *testing.B) {
	const connections, requests = 200, 4000
	s, err := stack.Start(b.Context(), stack.Options{ScriptRoot: scriptRoot, Kind: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	site, err := s.Sandbox.Graph.AddSite(s.Scene.Contoso.ID, "Bench", s.Scene.Adele.ID)
	if err != nil {
		b.Fatal(err)
	}
	tab, err := s.Tab(s.Scene.Adele)
	if err != nil {
		b.Fatal(err)
	}
	id, err := tab.CreateTab(b.Context(), map[string]any{"title": "Bench", "siteId": site.ID, "driveId": site.DriveID})
	if err != nil {
		b.Fatal(err)
	}
	raw, err := dump.NewReader(s.Azurite.ConnectionString, "ImageProTabs", connections)
	if err != nil {
		b.Fatal(err)
	}
	kinds := []struct {
		name string
		call func(context.Context) error
		took []time.Duration
	}{
		{name: "raw", call: func(ctx context.Context) error {
			_, err := raw.Read(ctx, s.Scene.Contoso.ID, id)
			return err
		}},
		{name: "uncached", call: reading(b, s, "0s", "/api/tabs/"+id, tab.Token, connections)},
		{name: "cached", call: reading(b, s, "10m", "/api/tabs/"+id, tab.Token, connections)},
	}
	for i := range kinds {
		_ = press(b, kinds[i].call, connections, connections) // opens the connections
	}
	for b.Loop() {
		for i := range kinds { // in turns, so that noise meets all of them
			kinds[i].took = append(kinds[i].took, press(b, kinds[i].call, connections, requests)...)
		}
	}
	at := func(i int, share float64) float64 {
		slices.Sort(kinds[i].took)
		return float64(kinds[i].took[int(share*float64(len(kinds[i].took)-1))].Microseconds()) / 1000
	}
	for i, kind := range kinds {
		b.ReportMetric(at(i, 0.5), kind.name+"-p50-ms")
		b.ReportMetric(at(i, 0.99), kind.name+"-p99-ms")
		if i > 0 {
			b.ReportMetric(at(i, 0.5)/at(0, 0.5), kind.name+"/raw-p50")
			b.ReportMetric(at(i, 0.99)/at(0, 0.99), kind.name+"/raw-p99")
		}
	}
	b.ReportMetric(0, "ns/op") // of all together: says nothing
}

// BenchmarkFirstRequest measures from exec of the built binary to its first 200 of a request that needs a token: what
// has to be fetched before is the signing keys of the sandbox's Entra ID and a record of Azurite. The same request
// again tells how long the network and those two take; the aim for the rest is 150 ms:
//
//	go test ./handler/dev -run '^$' -bench FirstRequest -benchtime 20x
func BenchmarkFirstRequest(b *testing.B) {
	s, err := stack.Start(b.Context(), stack.Options{ScriptRoot: scriptRoot, Kind: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	token, err := s.Token(s.Scene.Adele)
	if err != nil {
		b.Fatal(err)
	}
	ask := func(base string) (time.Duration, bool) {
		begin := time.Now()
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, base+"/api/tabs", nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, false
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		return time.Since(begin), response.StatusCode == http.StatusOK
	}
	var first, second time.Duration
	n := 0
	for b.Loop() {
		base, process := execHandler(b, s)
		begin := time.Now()
		for {
			if _, ok := ask(base); ok {
				break
			}
			time.Sleep(time.Millisecond)
		}
		first += time.Since(begin)
		again, _ := ask(base)
		second += again
		process.Kill()
		n++
	}
	b.ReportMetric(float64(first.Microseconds())/1000/float64(n), "ms/first-request")
	b.ReportMetric(float64((first-second).Microseconds())/1000/float64(n), "ms/beyond-network")
	b.ReportMetric(0, "ns/op")
}

// startHandler starts another handler with the settings of the stack and further ones. There is no host between it
// and who calls: it would be measured too.
func startHandler(b *testing.B, s *stack.Stack, further ...string) (base string, pid int) {
	b.Helper()
	base, process := execHandler(b, s, further...)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if response, err := http.Get(base + "/api/health"); err == nil {
			_ = response.Body.Close()
			break
		}
		if time.Now().After(end) {
			b.Fatal("the handler did not answer")
		}
	}
	return base, process.Pid()
}

// execHandler is startHandler without waiting for an answer.
func execHandler(b *testing.B, s *stack.Stack, further ...string) (base string, process *child.Process) {
	b.Helper()
	number, err := port.Free()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(scriptRoot, "handler"))
	for name, value := range s.Settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "HOME="+os.Getenv("HOME"), "FUNCTIONS_CUSTOMHANDLER_PORT="+strconv.Itoa(number))
	cmd.Env = append(cmd.Env, further...)
	process, err = child.Start(cmd)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(process.Kill)
	return fmt.Sprintf("http://127.0.0.1:%d", number), process
}

// reading starts a handler with its own memory of tabs, and returns a call of a path.
func reading(b *testing.B, s *stack.Stack, cache, path, token string, connections int) func(context.Context) error {
	b.Helper()
	base, _ := startHandler(b, s, "IMAGEPRO_TAB_CACHE="+cache)
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
			MaxConnsPerHost: connections}}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s, %w", response.Status, err)
		}
		return nil
	}
}

// press makes so many calls with so many at once, and returns how long each took.
func press(b *testing.B, call func(context.Context) error, atOnce, calls int) []time.Duration {
	b.Helper()
	took := make([]time.Duration, calls)
	var all sync.WaitGroup
	for worker := range atOnce {
		all.Go(func() {
			for i := worker; i < calls; i += atOnce {
				begin := time.Now()
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return took
}
