// Package entra is all that this program does with Entra ID: it verifies the tokens of callers, exchanges
// them for Graph tokens (on behalf of the user), and keeps and uses the sessions that users leave for work in
// the background.
//
// It does not know what the Graph tokens are used for, nor how sessions are stored.
package entra

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

// TokensOptions says who we are at Entra.
type TokensOptions struct {
	Authority  string // https address of Entra ID, without path
	AppID      string
	Credential Credential
	// Resource is Graph as scopes name it: https://graph.microsoft.com, in sovereign clouds another.
	Resource string
	// Scopes are names of Graph's delegated permissions, those that the program itself works with. Never openid,
	// profile or offline_access: MSAL adds them itself and then misses them in the answer (issue 416 of
	// microsoft-authentication-library-for-go).
	Scopes []string
	// Microsoft says that the authority is one of Microsoft's; false for the sandbox, for which MSAL must not
	// ask login.microsoftonline.com.
	Microsoft bool
	Transport http.RoundTripper
	Sealer    *seal.Sealer // of refresh tokens
	Sessions  org.Sessions
	Meter     Meter // nil: nothing is measured
	Now       func() time.Time
}

// Meter measures.
type Meter interface {
	// TokenRefused tells of a token that was not given (use exchange or session), or not taken (use caller); kind is
	// the fault's.
	TokenRefused(ctx context.Context, use, kind string)
}

// Tokens gives Graph tokens. It is safe for concurrent use.
type Tokens struct {
	options    TokensOptions
	host       string // of the authority
	credential confidential.Credential
	client     *http.Client
	flight     singleflight.Group // by tenant, user and scopes
	salt       [32]byte           // of memo
	memory     *expirable.LRU[memo, graphToken]
}

var _ org.Exchanger = (*Tokens)(nil)

// memo names what a token was given for: a hash, so that no ids are kept in memory.
type memo [sha256.Size]byte

// graphToken is a token with the time at which it expires.
type graphToken struct {
	text    secret.Text
	expires time.Time
}

const (
	entraTimeout = 30 * time.Second
	entraTries   = 3
	entraMaxWait = 5 * time.Second
	tokenMargin  = 5 * time.Minute // a token that expires sooner is not handed out
	memorySize   = 2000
	memoryLife   = time.Hour
	tokenService = "The sign-in service"
)

// NewTokens returns a source of Graph tokens. It reaches no network.
func NewTokens(o TokensOptions) (*Tokens, error) {
	authority, err := url.Parse(o.Authority)
	if err != nil || authority.Host == "" {
		return nil, fault.New(fault.Misconfigured, "The sign-in service's address cannot be used.", err)
	}
	credential, err := o.Credential.confidential(authority.Host)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, credentialUseless, err)
	}
	t := &Tokens{
		options:    o,
		host:       authority.Host,
		credential: credential,
		client: &http.Client{
			Timeout: entraTimeout,
			Transport: newDiscovery(&capture{base: &retry.Transport{
				Base:    o.Transport,
				Service: tokenService,
				Tries:   entraTries,
				MaxWait: entraMaxWait,
				Now:     o.Now,
			}}),
			// Entra does not redirect, and what is sent to it must go nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		memory: expirable.NewLRU[memo, graphToken](memorySize, nil, memoryLife),
	}
	_, _ = rand.Read(t.salt[:]) // never fails: crypto/rand ends the process instead
	return t, nil
}

// Token returns a Graph token for the caller with the scopes that the program works with: by exchange of the
// assertion if there is one, else from the session that the user left. A claims challenge from Graph (JSON;
// empty for none) gets a fresh token that answers it. One exchange runs at a time for a user and scopes.
//
// The faults: Unauthorized (the assertion has expired), Consent, SignIn, NotSetUp (the tenant does not have the
// application), Misconfigured (our own credential), Busy.
func (t *Tokens) Token(ctx context.Context, who caller.Caller, claims string) (secret.Text, error) {
	token, err := t.token(ctx, who, t.options.Scopes, claims)
	return token.text, err
}

// GraphToken is Token for scopes of the caller's choice, by name. The caller must be at work: have an assertion.
func (t *Tokens) GraphToken(
	ctx context.Context, who caller.Caller, scopes []string, claims string,
) (org.GraphToken, error) {
	token, err := t.token(ctx, who, scopes, claims)
	return org.GraphToken{Text: token.text, Expires: token.expires}, err
}

// Renew exchanges the caller's assertion whatever is remembered, so that a fresh session is left.
func (t *Tokens) Renew(ctx context.Context, who caller.Caller) error {
	t.memory.Remove(t.memo(who, t.options.Scopes))
	_, err := t.token(ctx, who, t.options.Scopes, "")
	return err
}

// Refused forgets the token for the scopes that the program works with, if it is what is remembered for the
// caller.
func (t *Tokens) Refused(who caller.Caller, token secret.Text) {
	m := t.memo(who, t.options.Scopes)
	if have, ok := t.memory.Peek(m); ok && have.text == token {
		t.memory.Remove(m)
	}
}

// LeftSince reports whether the user has left a session, or one was renewed, since the time, that can be used.
func (t *Tokens) LeftSince(ctx context.Context, tenant, user string, since time.Time) (bool, error) {
	session, err := t.options.Sessions.Session(ctx, tenant, user)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	// Stores keep milliseconds.
	return err == nil && t.Usable(session) && !session.SavedAt.Before(since.Truncate(time.Millisecond)), err
}

// memo returns the name of what the caller's assertion, or session, gives for the scopes.
func (t *Tokens) memo(who caller.Caller, scopes []string) memo {
	hash := sha256.New()
	_, _ = hash.Write(t.salt[:]) // never fails, here and below
	parts := []string{who.Tenant, who.User, who.Assertion.Reveal(), scopeList(scopes)}
	if who.Assertion.Empty() {
		parts = parts[:2] // a session serves the program's own scopes alone
	}
	for _, part := range parts {
		_, _ = hash.Write(binary.AppendUvarint(nil, uint64(len(part))))
		_, _ = hash.Write([]byte(part))
	}
	return memo(hash.Sum(nil))
}

// scopeList is the same for the same scopes in another order.
func scopeList(scopes []string) string {
	return strings.Join(slices.Sorted(slices.Values(scopes)), " ")
}

// given is what one turn gave, and for what.
type given struct {
	memo   memo
	claims string
	token  graphToken
}

// token returns what is remembered, or takes turns with the other requests of the user for these scopes: those
// that ask for the same share an exchange, and others wait for it to end.
func (t *Tokens) token(ctx context.Context, who caller.Caller, scopes []string, claims string) (graphToken, error) {
	mine := given{memo: t.memo(who, scopes), claims: claims}
	turn := who.Tenant + "|" + who.User + "|" + scopeList(scopes)
	for {
		if token, ok := t.remembered(mine.memo); ok && claims == "" {
			return token, nil
		}
		ready := t.flight.DoChan(turn, func() (any, error) {
			// The exchange serves all who wait for it: the end of one request must not end it.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), entraTimeout)
			defer cancel()
			var err error
			got := mine
			got.token, err = t.obtain(ctx, who, scopes, claims)
			return got, err
		})
		select {
		case result := <-ready:
			if got := result.Val.(given); got.memo == mine.memo && got.claims == claims {
				return got.token, result.Err
			}
		case <-ctx.Done():
			return graphToken{}, fault.New(fault.Busy, tokenService+" did not answer in time.", ctx.Err())
		}
	}
}

// remembered returns the token that was given lately, if it is still good for a while.
func (t *Tokens) remembered(m memo) (graphToken, bool) {
	token, ok := t.memory.Get(m)
	return token, ok && t.options.Now().Before(token.expires.Add(-tokenMargin))
}

// obtain gets a token that is not remembered, and remembers it.
func (t *Tokens) obtain(ctx context.Context, who caller.Caller, scopes []string, claims string) (graphToken, error) {
	if token, ok := t.remembered(t.memo(who, scopes)); ok && claims == "" {
		return token, nil // a turn that ended since the caller looked
	}
	var token graphToken
	var err error
	use := "exchange"
	if who.Assertion.Empty() {
		use = "session"
		token, err = t.fromSession(ctx, who, claims)
	} else {
		token, err = t.exchange(ctx, who, scopes, claims)
	}
	if err != nil {
		if t.options.Meter != nil {
			t.options.Meter.TokenRefused(ctx, use, string(fault.From(err).Kind))
		}
		return graphToken{}, err
	}
	t.memory.Add(t.memo(who, scopes), token)
	return token, nil
}

// exchange asks for a token on behalf of the user. A refresh token that comes with it becomes the user's
// session. Each exchange has an MSAL client of its own, since MSAL's on-behalf-of cache forgets nothing and
// holds ids of users.
func (t *Tokens) exchange(ctx context.Context, who caller.Caller, scopes []string, claims string) (graphToken, error) {
	client, err := t.newClient()
	if err != nil {
		return graphToken{}, err
	}
	var refresh sink
	options := []confidential.AcquireOnBehalfOfOption{confidential.WithTenantID(who.Tenant)}
	if claims != "" {
		options = append(options, confidential.WithClaims(claims))
	}
	result, err := client.AcquireTokenOnBehalfOf(refresh.in(ctx), who.Assertion.Reveal(), t.qualified(scopes),
		options...)
	if err != nil {
		return graphToken{}, t.faultOf(err, who, scopes)
	}
	if token, ok := refresh.token(); ok {
		if err := t.options.Sessions.PutSession(ctx, t.seal(who, token)); err != nil {
			return graphToken{}, err
		}
		t.memory.Remove(t.memo(caller.Away(who.Tenant, who.User), nil)) // what the session before gave
	}
	return graphToken{text: secret.New(result.AccessToken), expires: result.ExpiresOn}, nil
}

// qualified returns scopes as Graph's resource wants them.
func (t *Tokens) qualified(scopes []string) []string {
	var all []string
	for _, scope := range scopes {
		all = append(all, t.options.Resource+"/"+scope)
	}
	return all
}

func (t *Tokens) seal(who caller.Caller, refresh secret.Text) org.Session {
	keyID, sealed := t.options.Sealer.Seal(refresh, who.Tenant, who.User)
	return org.Session{
		Tenant:  who.Tenant,
		User:    who.User,
		State:   org.SessionReady,
		KeyID:   keyID,
		Sealed:  sealed,
		SavedAt: t.options.Now().UTC(),
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
		return confidential.Client{},
			fault.New(fault.Misconfigured, "The sign-in service's address cannot be used.", err)
	}
	return client, nil
}
