// Package app constructs the program from its settings and connects its parts, in reading order. It has no
// behaviour of its own.
package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"imagepro/handler/api"
	"imagepro/handler/bulk"
	"imagepro/handler/cloud/account"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/config"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/invoke"
	"imagepro/handler/middleware"
	"imagepro/handler/org"
	"imagepro/handler/ready"
	"imagepro/handler/schedule"
	"imagepro/handler/telemetry"
	"imagepro/handler/telemetry/otlp"
	"imagepro/handler/web"
)

// graphResource is Graph as scopes name it.
func graphResource(c config.Config) string {
	if c.Graph.Loopback() {
		return "https://graph.microsoft.com" // the sandbox stands for Graph and knows it by its real name
	}
	return strings.TrimSuffix(string(c.Graph), "/v1.0")
}

// App is the program: what to serve, and what to start beside it.
type App struct {
	Handler   http.Handler      // everything that the host may call
	API       *api.API          // the HTTP triggers
	Tab       *web.Tab          // what people see, behind an HTTP trigger of its own
	Functions []invoke.Function // the queue and timer triggers
	verifier  *entra.Verifier
	told      *otlp.Pipeline
}

// Version is the program's version. The linker sets it.
var Version = "dev"

// New constructs the program. It reaches no network and no storage.
func New(c config.Config) (*App, error) {
	b, err := newBase(c)
	if err != nil {
		return nil, err
	}
	edits := b.bulkEdits()
	people := b.organizations()
	planned := schedule.ServiceOptions{Store: b.records, Edits: edits, People: people, Now: b.now, NewID: b.newID}
	schedules := schedule.NewService(planned)

	a := &App{verifier: b.verifier, told: b.told}
	a.API = api.New(api.Options{
		Verifier:  b.verifier,
		Org:       people,
		Bulk:      edits,
		Schedules: schedules,
		Tabs:      b.tabs(),
		Library:   b.library(),
		Cursors:   b.cursors,
		TeamsApp:  c.TeamsApp(),
		Deadline:  c.HTTPDeadline.Duration(),
		Now:       b.now,
		Health:    api.Health{Version: Version, Codec: jpegcodec.Name},
		Ready:     ready.NewProber(b.now, dependencies(c, b.storage, b.transport)...),
		Telemetry: b.told.Telemetry,
	})
	eradicator := b.eradicator(edits)
	a.Functions = functions(b.planner(), b.worker(), schedule.NewStarter(planned), b.bulkSweeper(), eradicator,
		b.sweeper(edits, schedules, eradicator), b.now)
	a.Tab = web.New(web.Options{
		AppID:      string(c.AppID),
		TeamsApp:   c.TeamsApp(),
		Scope:      c.AppIDURI() + "/access_as_user",
		Authority:  string(c.Authority),
		SignIn:     string(c.SignInPage),
		Version:    Version,
		Thumbnails: c.Cloud.Hosts().Thumbnails(),
		Frames:     c.Cloud.Hosts().Frames,
	})
	a.Handler = a.routes(c)
	return a, nil
}

// storage is the account's three services.
type storage struct {
	records  *tables.Store
	specs    *blobs.Store
	messages *queue.Service
}

// openStorage opens the account with its connection string, or with the managed identity.
func openStorage(c config.Config, t *telemetry.Telemetry) (storage, error) {
	watched := func(service string) account.Around {
		return func(base http.RoundTripper) http.RoundTripper { return t.Transport(base, telemetry.Named(service)) }
	}
	forTables, forBlobs, forQueues := watched("tables"), watched("blobs"), watched("queues")
	var s storage
	at, byIdentity := c.StorageEndpoints()
	if !byIdentity {
		var failed [3]error
		s.records, failed[0] = tables.Open(c.Storage.Reveal(), forTables)
		s.specs, failed[1] = blobs.Open(c.Storage.Reveal(), forBlobs)
		s.messages, failed[2] = queue.Open(c.Storage.Reveal(), forQueues)
		return s, cmp.Or(failed[:]...)
	}
	identity, err := entra.NewIdentity(string(c.StorageIdentity()))
	if err != nil {
		return s, err
	}
	var failed [3]error
	s.records, failed[0] = tables.OpenAccount(at.Tables, identity, forTables)
	s.specs, failed[1] = blobs.OpenAccount(at.Blobs, identity, forBlobs)
	s.messages, failed[2] = queue.OpenAccount(at.Queues, identity, forQueues)
	return s, cmp.Or(failed[:]...)
}

// settle is how long after the mark of an erasure something may still be written: by a request or a function that was
// under way, in a process that has not seen the mark, whose memory of tabs is still good.
func settle(c config.Config) time.Duration {
	return org.EnteredLife + max(c.HTTPDeadline.Duration(), c.EventDeadline.Duration()) + c.TabCache.Duration() +
		settleMargin
}

// settleMargin is for writes that were on their way when their request ended, and for clocks that differ.
const settleMargin = 30 * time.Second

// jobLife is how late a worker may see that a bulk edit was cancelled. specLife is how long what a bulk edit does, and
// the pictures that its recipe needs, stay in memory after they were read.
const (
	jobLife  = 2 * time.Second
	specLife = 10 * time.Minute
)

// bytesPerPixel is what editing takes at the most, with several large steps.
const bytesPerPixel = 20

const million = 1_000_000

// imageLimits are the limits that the settings ask for. Two of them follow the largest picture unless they are set.
func imageLimits(c config.Config) imaging.Limits {
	result, memory := int(c.MaxResultMegapixels), int64(c.MaxMemoryMB)
	if result == 0 {
		result = 2 * int(c.MaxMegapixels)
	}
	if memory == 0 {
		memory = int64(c.MaxMegapixels) * bytesPerPixel
	}
	return imaging.Limits{
		Bytes:        int(c.MaxFileMB) << 20,
		Pixels:       int(c.MaxMegapixels) * million,
		Side:         int(c.MaxSide),
		Scans:        int(c.MaxScans),
		ImageBytes:   int(c.MaxImageMB) * million,
		ImagePixels:  int(c.MaxImageMegapixels) * million,
		ResultPixels: result * million,
		ResultSide:   int(c.MaxResultSide),
		Memory:       memory * million,

		Frames:          int(c.MaxFrames),
		AnimationPixels: int(c.MaxAnimationMegapixels) * million,

		Time: c.EditTime.Duration(),
	}
}

// dependencies are what the program needs, and how each is asked for a sign of life: storage for something that is not
// there, with our credential, Entra ID and Graph for any answer.
func dependencies(c config.Config, s storage, transport http.RoundTripper) []ready.Check {
	missing := func(err error) error {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	client := &http.Client{Transport: transport}
	return []ready.Check{
		{Name: "tables", Ask: func(ctx context.Context) error {
			_, err := s.records.Organization(ctx, "ready")
			return missing(err)
		}},
		{Name: "blobs", Ask: func(ctx context.Context) error {
			_, err := s.specs.Spec(ctx, bulk.Job{Ref: bulk.Ref{Tenant: "ready", Job: "ready"}, User: "ready"})
			return missing(err)
		}},
		{Name: "queues", Ask: func(ctx context.Context) error {
			_, err := s.messages.Exists(ctx, bulk.PlanQueue)
			return err
		}},
		{Name: "entra", Ask: func(ctx context.Context) error {
			return answers(ctx, client, string(c.Authority)+"/common/discovery/v2.0/keys")
		}},
		{Name: "graph", Ask: func(ctx context.Context) error { return answers(ctx, client, string(c.Graph)) }},
	}
}

// answers asks for an address, without a token. Busy if there is no answer, or one of a service that is ill.
func answers(ctx context.Context, client *http.Client, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fault.New(fault.Busy, "A service cannot be reached.", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		return fault.Newf(fault.Busy, "A service answered with status %d.", response.StatusCode)
	}
	return nil
}

// functions is the list of the queue and timer functions, each with its trigger and what a repeat does.
func functions(
	planner *bulk.Planner, worker *bulk.Worker, starter *schedule.Starter, bulkSweeper *bulk.Sweeper,
	eradicator *org.Eradicator, sweeper *org.Sweeper, now func() time.Time,
) []invoke.Function {
	return []invoke.Function{
		// goes on where the first one was
		invoke.Queue("BulkPlan", bulk.PlanQueue, planner.Plan),
		// finds the result and changes nothing
		invoke.QueueCounted("BulkItem", bulk.ItemQueue, worker.Deliver),
		invoke.Queue("BulkPlanPoison", bulk.PlanQueue+poisonSuffix, planner.GiveUp), // changes nothing
		invoke.Queue("BulkItemPoison", bulk.ItemQueue+poisonSuffix, worker.GiveUp),  // changes nothing
		// goes on where the first one was
		invoke.Queue("Erasure", org.ErasureQueue, eradicator.Erase),
		invoke.Queue("ErasurePoison", org.ErasureQueue+poisonSuffix, eradicator.GiveUp), // changes nothing
		invoke.OnTimer("BulkSchedules", func(ctx context.Context, _ invoke.Timer) error { // starts what is due still
			started, err := starter.Start(ctx)
			if started != (schedule.Started{}) {
				slog.InfoContext(ctx, "scheduled bulk edits", "started", started)
			}
			return err
		}),
		// helps none on that was helped just now
		invoke.OnTimer("BulkSweep", func(ctx context.Context, _ invoke.Timer) error {
			swept, err := bulkSweeper.Sweep(ctx)
			if swept != (bulk.Swept{}) {
				slog.InfoContext(ctx, "bulk edits were swept", "swept", swept)
			}
			return err
		}),
		invoke.OnTimer("CleanUp", func(ctx context.Context, _ invoke.Timer) error { // goes on where the first one was
			swept, err := sweeper.Sweep(ctx, now())
			slog.InfoContext(ctx, "clean-up ended", "swept", swept, "complete", err == nil && !swept.Stopped)
			return err
		}),
	}
}

// poisonSuffix is how the host names the queue of messages that failed too often.
const poisonSuffix = "-poison"

// routes is what the host may call: its readiness probe, the HTTP triggers below their prefix, and the
// functions by name. It is no ServeMux, which would answer unclean paths itself.
func (a *App) routes(c config.Config) http.Handler {
	functions := invoke.Handler(invoke.Options{
		Address: c.Address(), Deadline: c.EventDeadline.Duration(), Telemetry: a.told.Telemetry,
	}, a.Functions...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &middleware.Recorder{ResponseWriter: w}
		defer middleware.Rescue(r.Context(), recorder, func() {
			http.Error(recorder, "Something went wrong on our side.", http.StatusInternalServerError)
		})
		switch {
		case !middleware.IsPlainPath(r.URL), strings.HasPrefix(r.URL.Path, api.Prefix+"/") && !web.Serves(r.URL.Path):
			a.API.ServeHTTP(recorder, r) // which refuses paths that are not plain
		case web.Serves(r.URL.Path):
			a.Tab.ServeHTTP(recorder, r)
		case r.URL.Path == "/":
			fmt.Fprintln(recorder, "Image Pro")
		default:
			functions.ServeHTTP(recorder, r)
		}
	})
}

// Log takes the records of the log for the collector of telemetry; nil if there is none.
func (a *App) Log() slog.Handler { return a.told.Log }

// End sends what telemetry is left, within the context's time.
func (a *App) End(ctx context.Context) error { return a.told.End(ctx) }

// Prefetch fetches what the first request would otherwise wait for.
func (a *App) Prefetch(ctx context.Context) { a.verifier.Prefetch(ctx) }
