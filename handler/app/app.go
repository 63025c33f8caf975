// Package app constructs the program from its settings and connects its parts, in reading order. It has no
// behaviour of its own.
package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"imagepro/handler/api"
	"imagepro/handler/bulk"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/config"
	"imagepro/handler/imaging"
	"imagepro/handler/invoke"
	"imagepro/handler/org"
)

// graphScopes are the delegated permissions that the program asks for, fully qualified as Graph's resource
// wants them. MSAL adds openid, profile and offline_access.
func graphScopes(c config.Config) []string {
	resource := strings.TrimSuffix(string(c.Graph), "/v1.0")
	if c.Graph.Loopback() {
		resource = "https://graph.microsoft.com" // the sandbox stands for Graph and knows it by its real name
	}
	return []string{resource + "/User.Read", resource + "/Sites.ReadWrite.All"}
}

// App is the program: what to serve, and what to start beside it.
type App struct {
	Handler   http.Handler      // everything that the host may call
	API       *api.API          // the HTTP triggers
	Functions []invoke.Function // the queue and timer triggers
	verifier  *entra.Verifier
}

// Version is the program's version. The linker sets it.
var Version = "dev"

// New constructs the program. It reaches no network and no storage.
func New(c config.Config) (*App, error) {
	now := time.Now
	transport := newTransport()

	records, err := tables.Open(c.Storage.Reveal())
	if err != nil {
		return nil, err
	}
	specs, err := blobs.Open(c.Storage.Reveal())
	if err != nil {
		return nil, err
	}
	messages, err := queue.Open(c.Storage.Reveal())
	if err != nil {
		return nil, err
	}

	var ring []entra.Key
	for _, key := range c.TokenKeys {
		ring = append(ring, entra.Key(key))
	}
	sealer, err := entra.NewSealer(ring)
	if err != nil {
		return nil, err
	}
	tokens, err := entra.NewTokens(entra.TokensOptions{
		Authority: string(c.Authority), AppID: string(c.AppID), AppSecret: c.AppSecret, Scopes: graphScopes(c),
		Microsoft: !c.Authority.Loopback(), Transport: transport, Sealer: sealer, Sessions: records, Now: now,
	})
	if err != nil {
		return nil, err
	}
	verifier := entra.NewVerifier(entra.VerifierOptions{
		Authority: string(c.Authority), AuthorityV1: string(c.AuthorityV1), AppID: string(c.AppID), AppIDURI: c.AppIDURI(),
		ClientApps: c.ClientApps, Client: &http.Client{Transport: transport}, Now: now,
	})
	library, err := graph.NewClient(graph.Options{
		BaseURL: string(c.Graph), Tokens: tokens, Transport: transport, Loopback: c.Graph.Loopback(), Now: now,
	})
	if err != nil {
		return nil, err
	}

	organizations := org.NewService(records, library, now)
	sweeper := org.NewSweeper(records, time.Duration(c.InactiveDays)*24*time.Hour, records, specs)

	limits := imageLimits(c)
	edits := bulk.NewService(bulk.ServiceOptions{
		Jobs: records, Items: records, Specs: specs, Queue: messages, MaxImages: int(c.BulkMaxImages),
		Now: now, NewID: func() string { return strings.ToLower(rand.Text()) },
	})
	planner := bulk.NewPlanner(bulk.PlannerOptions{
		Jobs: records, Specs: specs, Queue: messages, Library: library, Now: now,
		Limits: bulk.PlanLimits{Window: int(c.BulkWindow), MaxImages: int(c.BulkMaxImages), MaxBytes: int64(limits.Bytes)},
	})
	worker := bulk.NewWorker(bulk.WorkerOptions{
		Jobs: records, Items: records, Specs: specs, Queue: messages, Library: library, Limits: limits,
		Window: int(c.BulkWindow), Parallel: runtime.GOMAXPROCS(0), Now: now,
	})

	a := &App{verifier: verifier}
	a.API = api.New(api.Options{
		Verifier: verifier, Org: organizations, Bulk: edits, Deadline: c.HTTPDeadline.Duration(), Now: now,
		Health: api.Health{Version: Version, Codec: "go image/jpeg"},
	})
	a.Functions = functions(planner, worker, sweeper, now)
	a.Handler = a.routes(c)
	return a, nil
}

// bytesPerPixel is what editing takes at the most, with several large steps.
const bytesPerPixel = 20

func imageLimits(c config.Config) imaging.Limits {
	limits := imaging.DefaultLimits()
	limits.Bytes = int(c.MaxFileMB) << 20
	limits.Pixels = int(c.MaxMegapixels) * 1_000_000
	limits.ResultPixels = 2 * limits.Pixels
	limits.Memory = int64(limits.Pixels) * bytesPerPixel
	return limits
}

// functions is the list of the queue and timer functions, each with its trigger and what a repeat does.
func functions(planner *bulk.Planner, worker *bulk.Worker, sweeper *org.Sweeper, now func() time.Time) []invoke.Function {
	return []invoke.Function{
		invoke.Queue("BulkPlan", bulk.PlanQueue, planner.Plan),                      // goes on where the first one was
		invoke.Queue("BulkItem", bulk.ItemQueue, worker.Work),                       // finds the result and changes nothing
		invoke.Queue("BulkPlanPoison", bulk.PlanQueue+poisonSuffix, planner.GiveUp), // changes nothing
		invoke.Queue("BulkItemPoison", bulk.ItemQueue+poisonSuffix, worker.GiveUp),  // changes nothing
		invoke.OnTimer("CleanUp", func(ctx context.Context, _ invoke.Timer) error { // goes on where the first one was
			erased, err := sweeper.Sweep(ctx, now())
			slog.InfoContext(ctx, "clean-up ended", "erased", erased, "complete", err == nil)
			return err
		}),
	}
}

// poisonSuffix is how the host names the queue of messages that failed too often.
const poisonSuffix = "-poison"

// routes is what the host may call: its readiness probe, the HTTP triggers below their prefix, and the
// functions by name. It is no ServeMux, which would answer unclean paths itself.
func (a *App) routes(c config.Config) http.Handler {
	functions := invoke.Handler(c.EventDeadline.Duration(), a.Functions...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, api.Prefix+"/"):
			a.API.ServeHTTP(w, r)
		case r.URL.Path == "/":
			fmt.Fprintln(w, "Image Pro")
		default:
			functions.ServeHTTP(w, r)
		}
	})
}

// Prefetch fetches what the first request would otherwise wait for.
func (a *App) Prefetch(ctx context.Context) { a.verifier.Prefetch(ctx) }

// newTransport is the one transport to Entra, Graph and SharePoint.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	t.ResponseHeaderTimeout = 100 * time.Second
	return t
}
