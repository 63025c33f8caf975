// Package entra is Microsoft Entra ID for one machine: discovery documents, signing keys, the token
// endpoint with its grants and refusals, the sign-in and consent pages, what stands for Teams' getAuthToken,
// and the endpoint from which a function app gets tokens of its managed identities. It is as strict as the documented
// service and answers with its wire format, so that clients written for the real one work against it and mistakes show
// here first.
//
// Two things stand in for hosts of Microsoft: the base URL is the host of both v2 issuers
// (login.microsoftonline.com) and v1 issuers (sts.windows.net). Resources keep their real names: scopes of
// Graph start with https://graph.microsoft.com/ here as well.
//
// It does not know TLS, ports (package sandbox does) nor what Graph does with a token.
package entra

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// Options are what an Entra is made of. Directory and BaseURL are required.
type Options struct {
	Directory *directory.Directory
	// BaseURL is how clients reach the handler: scheme, host and port without a path, such as
	// "https://localhost:8443".
	BaseURL string
	Now     func() time.Time // nil: time.Now
	Seed    uint64           // of the token lifetimes
	Log     *slog.Logger     // nil: nothing is logged
	// TokenLifetime is the lifetime of all access tokens. Zero means what the service does: 60 to 90 minutes at
	// random, 20 to 28 hours for clients that declare the capability CP1.
	TokenLifetime time.Duration
	// ConsentDelay is how long a consent given on the pages is not yet seen by the grants that run without
	// the user. The service takes some seconds.
	ConsentDelay time.Duration
}

// Entra is safe for concurrent use.
type Entra struct {
	options Options
	base    string
	ring    *ring
	// identityHeader is what callers of the identity endpoint have to know.
	identityHeader string

	mu          sync.Mutex
	random      *rand.Rand
	skew        time.Duration
	apps        map[string]App
	consents    map[consent]time.Time // since when it counts
	installed   map[[2]string]bool    // tenant, app; false: removed on purpose
	refresh     map[string]*session   // by refresh token
	codes       map[string]*code
	generations map[[2]string]generation // tenant, user
	policies    map[[2]string]Policy     // tenant, user or ""
	forced      []*Forced
	identities  map[string]Identity // by client id
	system      string              // client id of the system's identity; empty: there is none
	requested   map[string]bool     // scopes, as they were sent
}

// New returns an Entra with fresh signing keys, without apps and consents.
func New(options Options) (*Entra, error) {
	if options.Directory == nil || options.BaseURL == "" {
		return nil, errors.New("entra: Directory and BaseURL are required")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	keys, err := newRing(options.Now())
	if err != nil {
		return nil, err
	}
	return &Entra{
		options:     options,
		base:        strings.TrimSuffix(options.BaseURL, "/"),
		ring:        keys,
		random:      rand.New(rand.NewPCG(options.Seed, 0x656e747261)),
		apps:        map[string]App{},
		consents:    map[consent]time.Time{},
		installed:   map[[2]string]bool{},
		refresh:     map[string]*session{},
		codes:       map[string]*code{},
		generations: map[[2]string]generation{},
		policies:    map[[2]string]Policy{},
		identities:  map[string]Identity{},
		requested:   map[string]bool{},

		identityHeader: newIdentityHeader(),
	}, nil
}

// Handler serves what login.microsoftonline.com serves.
func (e *Entra) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/.well-known/openid-configuration", e.configurationV1)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", e.configurationV2)
	mux.HandleFunc("GET /{tenant}/discovery/keys", e.keysV1)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", e.keysV2)
	mux.HandleFunc("GET /common/discovery/instance", e.instance)
	mux.HandleFunc("/{tenant}/oauth2/v2.0/token", e.token)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", e.authorize)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", e.authorizeDecided)
	mux.HandleFunc("GET /{tenant}/v2.0/adminconsent", e.adminConsent)
	mux.HandleFunc("POST /{tenant}/v2.0/adminconsent", e.adminConsentDecided)
	mux.HandleFunc("GET /error", explain)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", e.now().UTC().Format(http.TimeFormat))
		w.Header().Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// SetSkew moves the clock of this Entra away from Options.Now: a positive skew is a service that is ahead.
func (e *Entra) SetSkew(skew time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.skew = skew
}

// Skew returns what SetSkew set.
func (e *Entra) Skew() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.skew
}

func (e *Entra) now() time.Time { return e.options.Now().Add(e.Skew()) }

// lifetime draws the lifetime of an access token in whole seconds.
func (e *Entra) lifetime(continuous bool) time.Duration {
	if e.options.TokenLifetime != 0 {
		return e.options.TokenLifetime.Truncate(time.Second)
	}
	least, most := 60*time.Minute, 90*time.Minute
	if continuous {
		least, most = 20*time.Hour, 28*time.Hour
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return (least + time.Duration(e.random.Int64N(int64(most-least)))).Truncate(time.Second)
}
