package app

import (
	"crypto/rand"
	"net/http"
	"runtime"
	"strings"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/cloud/outbound"
	"imagepro/handler/config"
	"imagepro/handler/imaging"
	"imagepro/handler/library"
	"imagepro/handler/org"
	"imagepro/handler/schedule"
	"imagepro/handler/seal"
	"imagepro/handler/tab"
	"imagepro/handler/telemetry"
	"imagepro/handler/telemetry/otlp"
)

// base is what the services are made of: settings, stores, and the clients of Entra ID and SharePoint.
type base struct {
	config    config.Config
	told      *otlp.Pipeline
	transport http.RoundTripper
	storage
	queue      telemetry.Queue // storage's messages, with telemetry
	cursors    *seal.Sealer
	tokens     *entra.Tokens
	verifier   *entra.Verifier
	sharePoint *graph.Client
	limits     imaging.Limits
	room       imaging.Room
	now        func() time.Time
	newID      func() string
}

func newBase(c config.Config) (*base, error) {
	b := &base{
		config: c,
		limits: imageLimits(c),
		room:   imaging.NewRoom(runtime.GOMAXPROCS(0)),
		now:    time.Now,
		newID:  func() string { return strings.ToLower(rand.Text()) },
	}
	var err error
	if b.told, err = newPipeline(c, b.now); err != nil {
		return nil, err
	}
	b.transport = b.told.Telemetry.Transport(outbound.NewTransport(c.Graph.Loopback()), service(c))
	if b.storage, err = openStorage(c, b.told.Telemetry); err != nil {
		return nil, err
	}
	b.queue = b.told.Telemetry.Queue(b.messages)
	return b, b.openMicrosoft()
}

// openMicrosoft makes the clients of Entra ID and SharePoint, with the keys that seal what they leave behind.
func (b *base) openMicrosoft() error {
	ring, err := seal.NewRing(b.config.TokenKeys)
	if err != nil {
		return err
	}
	sealed, err := ring.For("refresh-token")
	if err != nil {
		return err
	}
	if b.cursors, err = ring.For("cursor"); err != nil {
		return err
	}
	b.tokens, err = entra.NewTokens(entra.TokensOptions{
		Authority: string(b.config.Authority),
		AppID:     string(b.config.AppID),
		Resource:  graphResource(b.config),
		Scopes:    org.GraphScopes,
		Credential: entra.Credential{
			Secret:      b.config.AppSecret,
			Certificate: b.config.AppCertificate.Text,
			Identity:    string(b.config.AppIdentity),
		},
		Microsoft: !b.config.Authority.Loopback(),
		Transport: b.transport,
		Sealer:    sealed,
		Sessions:  org.Guard(b.records, b.records, b.records),
		Meter:     b.told.Telemetry,
		Now:       b.now,
	})
	if err != nil {
		return err
	}
	b.verifier = entra.NewVerifier(entra.VerifierOptions{
		Authority:   string(b.config.Authority),
		AuthorityV1: string(b.config.AuthorityV1),
		AppID:       string(b.config.AppID),
		AppIDURI:    b.config.AppIDURI(),
		ClientApps:  append(b.config.ClientApps, string(b.config.AppID)),
		Tenants:     b.config.Tenants,
		AdminRoles:  b.config.AdminRoles,
		Client:      &http.Client{Transport: b.transport},
		Meter:       b.told.Telemetry,
		Now:         b.now,
	})
	b.sharePoint, err = graph.NewClient(graph.Options{
		BaseURL:    string(b.config.Graph),
		Tokens:     b.tokens,
		Transport:  b.transport,
		Units:      int(b.config.TenantUnits),
		Peers:      b.records,
		SharePoint: b.config.Cloud.Hosts().SharePoint,
		Media:      b.config.Cloud.Hosts().Media,
		Loopback:   b.config.Graph.Loopback(),
		Now:        b.now,
	})
	return err
}

func (b *base) bulkEdits() *bulk.Service {
	return bulk.NewService(bulk.ServiceOptions{
		Jobs:      b.records,
		Items:     b.records,
		Index:     b.records,
		Specs:     b.specs,
		Queue:     b.queue,
		Library:   b.sharePoint,
		Limits:    b.limits,
		MaxImages: int(b.config.BulkMaxImages),
		Previews:  b.specs,
		MaxOpen:   bulk.MaxOpen{Tenant: int(b.config.BulkMaxOpen), User: int(b.config.BulkUserOpen)},
		Now:       b.now,
		NewID:     b.newID,
	})
}

func (b *base) planner() *bulk.Planner {
	return bulk.NewPlanner(bulk.PlannerOptions{
		Jobs:     b.records,
		Items:    b.records,
		Specs:    b.specs,
		Queue:    b.queue,
		Sessions: b.tokens,
		Index:    b.records,
		Library:  b.sharePoint,
		About:    b.records,
		Now:      b.now,
		Limits: bulk.PlanLimits{
			Window:    int(b.config.BulkWindow),
			MaxImages: int(b.config.BulkMaxImages),
			MaxBytes:  int64(b.limits.Bytes),
		},
	})
}

func (b *base) worker() *bulk.Worker {
	return bulk.NewWorker(bulk.WorkerOptions{
		Jobs:     b.records,
		Items:    b.records,
		Specs:    b.specs,
		Queue:    b.queue,
		Sessions: b.tokens,
		Index:    b.records,
		Library:  b.sharePoint,
		Limits:   b.limits,
		Window:   int(b.config.BulkWindow),
		Room:     b.room,
		Previews: b.specs,
		Meter:    b.told.Telemetry,
		Now:      b.now,
		JobLife:  jobLife,
		SpecLife: specLife,
	})
}

func (b *base) bulkSweeper() *bulk.Sweeper {
	return bulk.NewSweeper(bulk.SweeperOptions{
		Jobs:     b.records,
		Index:    b.records,
		Queue:    b.queue,
		Sessions: b.tokens,
		Previews: b.specs,
		MaxAge:   b.config.BulkMaxDays.Duration(),
		Now:      b.now,
	})
}

func (b *base) organizations() *org.Service {
	return org.NewService(org.ServiceOptions{
		Organizations: b.records,
		Users:         b.records,
		Sessions:      b.records,
		Erasures:      b.records,
		Directory:     b.sharePoint,
		Exchanger:     b.tokens,
		Queue:         b.queue,
		Now:           b.now,
		NewID:         b.newID,
	})
}

func (b *base) eradicator(edits *bulk.Service) *org.Eradicator {
	return org.NewEradicator(org.EradicatorOptions{
		Organizations: b.records,
		Users:         b.records,
		Erasures:      b.records,
		Jobs:          edits,
		Erasers:       []org.Eraser{b.records, b.specs},
		Queue:         b.queue,
		Meter:         b.told.Telemetry,
		Now:           b.now,
		Settle:        settle(b.config),
	})
}

func (b *base) sweeper(
	edits *bulk.Service, schedules *schedule.Service, eradicator *org.Eradicator,
) *org.Sweeper {
	return org.NewSweeper(org.SweeperOptions{
		Organizations: b.records,
		Users:         b.records,
		Sessions:      b.records,
		Erasures:      b.records,
		Jobs:          edits,
		Schedules:     schedules,
		Resealer:      b.tokens,
		Eradicator:    eradicator,
		Queue:         b.queue,
		NewID:         b.newID,
		Inactive:      b.config.InactiveDays.Duration(),
		Grace:         b.config.GraceDays.Duration(),
		Unneeded:      b.config.SessionDays.Duration(),
	})
}

func (b *base) tabs() *tab.Service {
	return tab.NewService(tab.ServiceOptions{
		Tabs:      b.records,
		Presets:   b.records,
		Library:   b.sharePoint,
		Now:       b.now,
		NewID:     b.newID,
		CacheLife: b.config.TabCache.Duration(),
	})
}

func (b *base) library() *library.Service {
	return library.NewService(library.ServiceOptions{
		SharePoint: b.sharePoint,
		Properties: b.records,
		Limits:     b.limits,
		Room:       b.room,
		Now:        b.now,
	})
}
