// Package entra is all that this program does with Entra ID: it verifies the tokens of callers, exchanges
// them for Graph tokens (on behalf of the user), and keeps and uses the sessions that users leave for work in
// the background.
//
// It does not know what the Graph tokens are used for, nor how sessions are stored.
package entra

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

// TokensOptions says who we are at Entra.
type TokensOptions struct {
	Authority string // https address of Entra ID, without path
	AppID     string
	AppSecret secret.Text
	// Scopes of Graph, fully qualified. Never openid, profile or offline_access: MSAL adds them itself and then
	// misses them in the answer (issue 416 of microsoft-authentication-library-for-go).
	Scopes []string
	// Microsoft says that the authority is one of Microsoft's; false for the sandbox, for which MSAL must not
	// ask login.microsoftonline.com.
	Microsoft bool
	Transport http.RoundTripper
	Sealer    *Sealer
	Sessions  org.Sessions
	// ExchangesPerClient bounds MSAL's memory, whose on-behalf-of cache keeps every assertion for ever: after so
	// many exchanges it starts afresh. Zero means 1000.
	ExchangesPerClient int
	Now                func() time.Time
}

// Tokens gives Graph tokens. It is safe for concurrent use.
type Tokens struct {
	options    TokensOptions
	host       string // of the authority
	credential confidential.Credential
	client     *http.Client
	flight     singleflight.Group
	away       *expirable.LRU[string, graphToken] // by tenant and user, for work in the background

	mu        sync.Mutex
	exchanges int // of onBehalf
	onBehalf  *confidential.Client
}

// graphToken is what a session gave: a token, or a refusal.
type graphToken struct {
	text    secret.Text
	refused error
	until   time.Time // it is handed out before this time
}

const (
	entraTimeout  = 30 * time.Second
	entraTries    = 3
	entraMaxWait  = 5 * time.Second
	tokenMargin   = 5 * time.Minute // a token that expires sooner is not handed out
	awayCacheSize = 1000
	awayCacheLife = time.Hour
	refusalLife   = time.Minute
	// usualExchanges is what a zero ExchangesPerClient means.
	usualExchanges = 1000
	tokenService   = "The sign-in service"
)

// NewTokens returns a source of Graph tokens. It reaches no network.
func NewTokens(o TokensOptions) (*Tokens, error) {
	authority, err := url.Parse(o.Authority)
	if err != nil || authority.Host == "" {
		return nil, fault.New(fault.Misconfigured, "The sign-in service's address cannot be used.", err)
	}
	credential, err := confidential.NewCredFromSecret(o.AppSecret.Reveal())
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "The application's credential cannot be used.", err)
	}
	o.ExchangesPerClient = cmp.Or(o.ExchangesPerClient, usualExchanges)
	return &Tokens{
		options:    o,
		host:       authority.Host,
		credential: credential,
		client: &http.Client{
			Timeout: entraTimeout,
			Transport: &capture{base: &retry.Transport{
				Base: o.Transport, Service: tokenService, Tries: entraTries, MaxWait: entraMaxWait, Now: o.Now,
			}},
			// Entra does not redirect, and what is sent to it must go nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		away: expirable.NewLRU[string, graphToken](awayCacheSize, nil, awayCacheLife),
	}, nil
}

// Token returns a Graph token for the caller: by exchange of the assertion if there is one, else from the
// session that the user left. A claims challenge from Graph (JSON; empty for none) gets a fresh token that
// answers it. One exchange runs at a time for a caller.
//
// The faults: Unauthorized (the assertion has expired), Consent, SignIn, Forbidden (the application is not
// set up in the tenant), Misconfigured (our own credential), Busy.
func (t *Tokens) Token(ctx context.Context, who caller.Caller, claims string) (secret.Text, error) {
	key := who.Tenant + "|" + who.User + "|" + assertionHash(who.Assertion) + "|" + claims
	ready := t.flight.DoChan(key, func() (any, error) {
		// The exchange serves all who wait for it: the end of one request must not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), entraTimeout)
		defer cancel()
		if who.Assertion.Empty() {
			return t.fromSession(ctx, who, claims)
		}
		return t.exchange(ctx, who, claims)
	})
	select {
	case got := <-ready:
		if got.Err != nil {
			return secret.Text{}, got.Err
		}
		return got.Val.(secret.Text), nil
	case <-ctx.Done():
		return secret.Text{}, fault.New(fault.Busy, tokenService+" did not answer in time.", ctx.Err())
	}
}

// exchange asks for a token on behalf of the user. A refresh token that comes with it becomes the user's
// session.
func (t *Tokens) exchange(ctx context.Context, who caller.Caller, claims string) (secret.Text, error) {
	client, err := t.onBehalfClient()
	if err != nil {
		return secret.Text{}, err
	}
	var refresh sink
	options := []confidential.AcquireOnBehalfOfOption{confidential.WithTenantID(who.Tenant)}
	if claims != "" {
		options = append(options, confidential.WithClaims(claims))
	}
	result, err := client.AcquireTokenOnBehalfOf(refresh.in(ctx), who.Assertion.Reveal(), t.options.Scopes, options...)
	if err != nil {
		return secret.Text{}, t.faultOf(err)
	}
	if result.Metadata.TokenSource == confidential.TokenSourceIdentityProvider {
		t.exchanged(client)
	}
	if token, ok := refresh.token(); ok {
		if err := t.options.Sessions.PutSession(ctx, t.seal(who, token)); err != nil {
			t.forget(client) // else the next try would find the Graph token in MSAL's cache and leave no session
			return secret.Text{}, err
		}
		t.away.Remove(awayKey(who)) // what the session before gave
	}
	return secret.New(result.AccessToken), nil
}

func (t *Tokens) seal(who caller.Caller, refresh secret.Text) org.Session {
	keyID, sealed := t.options.Sealer.Seal(who.Tenant, who.User, refresh)
	return org.Session{Tenant: who.Tenant, User: who.User, KeyID: keyID, Sealed: sealed, SavedAt: t.options.Now().UTC()}
}

// onBehalfClient returns the client that all exchanges share until it has had enough of them.
func (t *Tokens) onBehalfClient() (*confidential.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.onBehalf != nil {
		return t.onBehalf, nil
	}
	client, err := t.newClient()
	if err != nil {
		return nil, err
	}
	t.onBehalf, t.exchanges = &client, 0
	return t.onBehalf, nil
}

// exchanged counts an exchange of the client, and forgets it with all that it keeps after enough of them.
func (t *Tokens) exchanged(client *confidential.Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.onBehalf != client {
		return
	}
	if t.exchanges++; t.exchanges >= t.options.ExchangesPerClient {
		t.onBehalf = nil
	}
}

func (t *Tokens) forget(client *confidential.Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.onBehalf == client {
		t.onBehalf = nil
	}
}

func (t *Tokens) newClient(more ...confidential.Option) (confidential.Client, error) {
	options := append([]confidential.Option{
		confidential.WithHTTPClient(t.client),
		confidential.WithClientCapabilities([]string{"CP1"}),
		confidential.WithInstanceDiscovery(t.options.Microsoft),
	}, more...)
	client, err := confidential.New(t.options.Authority+"/organizations", t.options.AppID, t.credential, options...)
	if err != nil {
		return confidential.Client{}, fault.New(fault.Misconfigured, "The sign-in service's address cannot be used.", err)
	}
	return client, nil
}
