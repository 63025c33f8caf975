package entra_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

const (
	onBehalfOf = "jwt-bearer"
	refreshing = "refresh_token"
)

var expiresIn = regexp.MustCompile(`"expires_in":\d+`)

// wantGrants checks how many requests of a grant were sent.
func (w *world) wantGrants(grant string, want int) {
	w.t.Helper()
	if got := w.wire.count(grant); got != want {
		w.t.Errorf("%d requests of the grant %s, want %d", got, grant, want)
	}
}

func TestAnExchangeLeavesASealedSession(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	first := w.good(tokens, who, "")
	if second := w.good(tokens, who, ""); second != first {
		t.Error("the same assertion got another token")
	}
	w.wantGrants(onBehalfOf, 1)
	session, err := w.sessions.Session(t.Context(), who.Tenant, who.User)
	if err != nil {
		t.Fatal(err)
	}
	if session.KeyID != "k1" || !session.SavedAt.Equal(w.clock.Now()) || session.SavedAt.Location() != time.UTC {
		t.Errorf("the session is of key %q and %v", session.KeyID, session.SavedAt)
	}
	if leak := leaked(string(session.Sealed)); leak != "" {
		t.Errorf("the session is not sealed: it holds %.12q", leak)
	}
	w.good(tokens, w.adele(), "") // another assertion
	w.wantGrants(onBehalfOf, 2)
}

func TestTenRequestsAtOnceShareOneExchange(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	w.trouble(trouble.Rule{
		Service: "entra",
		Method:  http.MethodPost,
		Action:  trouble.Delay,
		Delay:   50 * time.Millisecond,
	})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { w.good(tokens, who, "") })
	}
	all.Wait()
	w.wantGrants(onBehalfOf, 1)
}

func TestARequestThatEndsDoesNotEndTheExchangeOfOthers(t *testing.T) {
	t.Parallel()
	w := open(t)
	reached, release := make(chan struct{}), make(chan struct{})
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				close(reached)
				<-release
			}
			return w.wire.RoundTrip(r)
		})
	})
	who := w.adele()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := tokens.Token(ctx, who, "")
		first <- err
	}()
	<-reached
	cancel()
	wantFault(t, <-first, fault.Busy, "The sign-in service did not answer in time.")
	close(release)
	w.good(tokens, who, "")
	w.wantGrants(onBehalfOf, 1)
}

func TestASessionServesAnotherProcess(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	elsewhere := w.tokens()
	token := w.good(elsewhere, w.away(), "")
	if again := w.good(elsewhere, w.away(), ""); again != token {
		t.Error("the token was not kept")
	}
	w.wantGrants(refreshing, 1)
	w.wantGrants(onBehalfOf, 1)
}

func TestEachUseOfASessionStoresTheNewerOne(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	for day := range 4 { // 4 times 80 days: more than the 90 that one refresh token lives
		before, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.pass(80 * 24 * time.Hour)
		w.good(w.tokens(), w.away(), "")
		after, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
		if err != nil || bytes.Equal(before.Sealed, after.Sealed) || !after.SavedAt.Equal(w.clock.Now()) {
			t.Fatalf("round %d: the session was not renewed: %v, %v", day, after.SavedAt, err)
		}
	}
}

func TestASessionThatAnotherStoredMeanwhileStands(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	read, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
	if err != nil {
		t.Fatal(err)
	}
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := w.wire.RoundTrip(r)
			if r.Method == http.MethodPost { // a sign-in comes between
				read.SavedAt = read.SavedAt.Add(time.Hour)
				_ = w.sessions.PutSession(r.Context(), read)
			}
			return response, err
		})
	})
	w.good(tokens, w.away(), "")
	now, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
	if err != nil || !now.SavedAt.Equal(read.SavedAt) {
		t.Errorf("the sign-in's session was overwritten: %v, %v", now.SavedAt, err)
	}
}

func TestASessionThatWasErasedMeanwhileStaysErased(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			w.sessions.mu.Lock()
			clear(w.sessions.sessions)
			w.sessions.mu.Unlock()
			return w.wire.RoundTrip(r)
		})
	})
	_, _ = tokens.Token(t.Context(), w.away(), "")
	_, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("the session came back: %v", err)
	}
}

func TestAnExchangeWhoseSessionCannotBeKeptFailsAndIsRepeated(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	w.sessions.refuse = fault.New(fault.Busy, "The storage is busy.", nil)
	_, err := tokens.Token(t.Context(), who, "")
	wantFault(t, err, fault.Busy, "The storage is busy.")
	w.sessions.refuse = nil
	w.good(tokens, who, "")
	w.wantGrants(onBehalfOf, 2)
	w.good(w.tokens(), w.away(), "")
}

// challenged is what Graph demands after an event.
func (w *world) challenged(token string) string {
	w.t.Helper()
	_, err := w.Entra.Check(w.t.Context(), token)
	stale, ok := err.(interface{ ClaimsChallenge() string })
	if !ok {
		w.t.Fatalf("the token is not challenged: %v", err)
	}
	return stale.ClaimsChallenge()
}

func TestAClaimsChallengeGetsAFreshToken(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, atWork := w.tokens(), w.adele()
	w.good(tokens, atWork, "") // leaves the session
	for _, one := range []struct {
		name string
		who  caller.Caller
	}{{"at work", atWork}, {"away", w.away()}} {
		name, who := one.name, one.who
		old := w.good(tokens, who, "")
		w.Entra.Challenge(who.Tenant, who.User)
		fresh := w.good(tokens, who, w.challenged(old))
		if claims := w.wire.asked(); !strings.Contains(claims, `"nbf"`) || !strings.Contains(claims, "CP1") {
			t.Errorf("%s: Entra was asked for the claims %s", name, claims)
		}
		if fresh == old {
			t.Errorf("%s: the old token came again", name)
		}
		if next := w.good(tokens, who, ""); next != fresh {
			t.Errorf("%s: the next call did not get the fresh token", name)
		}
	}
}

func TestAClaimsChallengeThatNobodyCanAnswerIsASignIn(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, atWork := w.tokens(), w.adele()
	old := w.good(tokens, atWork, "")
	w.Entra.Revoke(atWork.Tenant, atWork.User)
	for _, who := range []caller.Caller{atWork, w.away()} {
		_, err := tokens.Token(t.Context(), who, w.challenged(old))
		wantFault(t, err, fault.SignIn, sessionEnded)
	}
}

func TestKeptTokensAreNotHandedOutInTheirLastFiveMinutes(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	life := 20 * time.Minute
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := w.wire.RoundTrip(r)
			if err != nil || r.Method != http.MethodPost {
				return response, err
			}
			raw, _ := io.ReadAll(response.Body)
			response.Body = io.NopCloser(
				strings.NewReader(
					expiresIn.ReplaceAllString(string(raw), fmt.Sprintf(`"expires_in":%d`, int(life.Seconds())))))
			return response, nil
		})
	})
	first := w.good(tokens, w.away(), "")
	w.clock.pass(life - 5*time.Minute - 5*time.Second)
	if again := w.good(tokens, w.away(), ""); again != first {
		t.Error("the token was not kept for its life")
	}
	w.clock.pass(10 * time.Second)
	if later := w.good(tokens, w.away(), ""); later == first {
		t.Error("the token was handed out in its last five minutes")
	}
	w.wantGrants(refreshing, 2)
}

func TestOptionsThatCannotWorkAreMisconfigured(t *testing.T) {
	t.Parallel()
	good := entra.TokensOptions{Authority: "https://localhost:1", Credential: entra.Credential{Secret: secret.New("x")},
		Now: time.Now}
	for name, change := range map[string]func(*entra.TokensOptions){
		"no address":    func(o *entra.TokensOptions) { o.Authority = "" },
		"no host":       func(o *entra.TokensOptions) { o.Authority = "login.microsoftonline.com" },
		"odd address":   func(o *entra.TokensOptions) { o.Authority = "https://%zz" },
		"no credential": func(o *entra.TokensOptions) { o.Credential = entra.Credential{} },
		"no certificate": func(o *entra.TokensOptions) {
			o.Credential = entra.Credential{Certificate: secret.New("x")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := good
			change(&o)
			if _, err := entra.NewTokens(o); !fault.Is(err, fault.Misconfigured) {
				t.Errorf("got %v, want a Misconfigured fault", err)
			}
		})
	}
	o := good
	o.Authority = "http://localhost:1"
	tokens, err := entra.NewTokens(o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tokens.Token(t.Context(), caller.Caller{Tenant: "t", User: "u", Assertion: secret.New("a")}, "")
	wantFault(t, err, fault.Misconfigured, "The sign-in service's address cannot be used.")
}

func TestTheMetadataIsAskedForOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens := w.tokens()
	for range 5 {
		w.good(tokens, w.adele(), "")
	}
	w.good(tokens, w.away(), "")
	w.wantGrants(onBehalfOf, 5)
	if got := w.wire.count("openid-configuration"); got != 1 {
		t.Errorf("the metadata was asked for %d times, want once", got)
	}
}

func TestWhatIsNoMetadataIsNotRemembered(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, garbage := range []string{"<html>captive portal</html>", "{}", "[]", `{"token_endpoint":1}`} {
		first := true
		tokens := w.tokens(func(o *entra.TokensOptions) {
			o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if first && strings.Contains(r.URL.Path, "openid-configuration") {
					first = false
					return &http.Response{
						StatusCode: 200,
						Header:     http.Header{},
						Body:       io.NopCloser(strings.NewReader(garbage)),
						Request:    r,
					}, nil
				}
				return w.wire.RoundTrip(r)
			})
		})
		if _, err := tokens.Token(t.Context(), w.adele(), ""); err == nil || first {
			t.Errorf("with %s: %v", garbage, err)
		}
		w.good(tokens, w.adele(), "")
	}
}

// graphToken asks for a token with scopes.
func (w *world) graphToken(tokens *entra.Tokens, who caller.Caller, scopes ...string) org.GraphToken {
	w.t.Helper()
	token, err := tokens.GraphToken(w.t.Context(), who, scopes, "")
	if err != nil {
		w.t.Fatal(err)
	}
	hide(token.Text.Reveal())
	return token
}

func TestATokenForTheTabHasTheScopesThatItAskedFor(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	small := w.graphToken(tokens, who, "User.Read")
	both := w.graphToken(tokens, who, "User.Read", "Sites.ReadWrite.All")
	for token, want := range map[secret.Text][]string{small.Text: {"User.Read"},
		both.Text: {"Sites.ReadWrite.All", "User.Read"}} {
		grant, err := w.Entra.Check(t.Context(), token.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		scopes := slices.DeleteFunc(grant.Scopes, func(s string) bool {
			return slices.Contains([]string{"openid", "profile", "email"}, s)
		})
		if slices.Sort(scopes); !slices.Equal(scopes, want) {
			t.Errorf("the token has the scopes %q, want %q", scopes, want)
		}
	}
	if small.Expires.Before(w.clock.Now().Add(time.Hour)) || small.Expires.After(w.clock.Now().Add(28*time.Hour)) {
		t.Errorf("the token expires at %v", small.Expires)
	}
	if again := w.graphToken(tokens, who, "Sites.ReadWrite.All",
		"User.Read"); again.Text.Reveal() != both.Text.Reveal() {
		t.Error("the same scopes in another order got another token")
	}
	w.wantGrants(onBehalfOf, 2)
	if _, err := w.sessions.Session(t.Context(), who.Tenant, who.User); err != nil {
		t.Errorf("the exchange left no session: %v", err)
	}
}

func TestExchangesOfAUserForTheSameScopesTakeTurns(t *testing.T) {
	t.Parallel()
	w := open(t)
	var atWork, most atomic.Int32
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				n := atWork.Add(1)
				defer atWork.Add(-1)
				for have := most.Load(); n > have && !most.CompareAndSwap(have, n); have = most.Load() {
				}
				time.Sleep(20 * time.Millisecond)
			}
			return w.wire.RoundTrip(r)
		})
	})
	var all sync.WaitGroup
	got := make([]string, 6)
	for i := range got {
		who := w.adele() // each with an assertion of its own: no token is for another's
		all.Go(func() { got[i] = w.good(tokens, who, "") })
		all.Go(func() { w.good(tokens, who, "") })
	}
	all.Wait()
	w.wantGrants(onBehalfOf, len(got))
	if most.Load() != 1 {
		t.Errorf("%d exchanges ran at once, want one", most.Load())
	}
	if slices.Sort(got); len(slices.Compact(got)) != 6 {
		t.Error("two assertions got one token")
	}
}

func TestRenewingLeavesAFreshSession(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	first := w.good(tokens, who, "")
	clear(w.sessions.sessions)
	if err := tokens.Renew(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	w.wantGrants(onBehalfOf, 2)
	if second := w.good(tokens, who, ""); second == first {
		t.Error("the old token is still given")
	}
	w.wantGrants(onBehalfOf, 2)
	w.good(w.tokens(), w.away(), "")
}

func TestAMissingConsentSaysWhereToGiveItAndThatWorks(t *testing.T) {
	t.Parallel()
	w := open(t)
	frida := caller.Caller{Tenant: w.scene.Fabrikam.ID, User: w.scene.Frida.ID}
	frida.Assertion = secret.New(w.teams(teamsToken{Tenant: frida.Tenant, User: frida.User}))
	_, err := w.tokens().GraphToken(t.Context(), frida, []string{"User.Read"}, "")
	f := wantFault(t, err, fault.Consent, needsConsent)
	if f.Consent == nil || !slices.Equal(f.Consent.Scopes, []string{"https://graph.microsoft.com/User.Read"}) {
		t.Fatalf("the consent that is missing: %+v", f.Consent)
	}
	for name, address := range map[string]string{"authorize": f.Consent.AuthorizeURL,
		"adminconsent": f.Consent.AdminURL} {
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(address, w.EntraURL+"/"+frida.Tenant+"/") ||
			!strings.HasSuffix(u.Path, name) {
			t.Errorf("%s: the address is %s, %v", name, address, err)
			continue
		}
		q := u.Query()
		if q.Get("client_id") != sandbox.DemoApp ||
			!strings.HasPrefix(q.Get("scope"), "https://graph.microsoft.com/User.Read ") || q.Has("redirect_uri") ||
			q.Has("state") {
			t.Errorf("%s: the address asks for %v", name, q)
		}
	}
	w.consentAt(f.Consent.AuthorizeURL, w.scene.Frida.UPN)
	w.good(w.tokens(func(o *entra.TokensOptions) { o.Scopes = []string{"User.Read"} }), frida, "")
	_, err = w.tokens().GraphToken(t.Context(), frida, []string{"Sites.ReadWrite.All"}, "")
	wantFault(t, err, fault.Consent, needsConsent)
}

// consentAt is what a person does with the address that a missing consent came with: the tab has added where to
// go back to.
func (w *world) consentAt(address, upn string) {
	w.t.Helper()
	const back = "https://localhost/api/tab/consented"
	app := w.scene.App
	app.RedirectURIs = []string{back}
	if err := w.Entra.PutApp(app); err != nil {
		w.t.Fatal(err)
	}
	form := strings.NewReader(url.Values{"user": {upn}, "decision": {"accept"}}.Encode())
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost,
		address+"&state=s&redirect_uri="+url.QueryEscape(back), form)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := w.Client().Transport.RoundTrip(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if to := response.Header.Get("Location"); !strings.HasPrefix(to, back+"?") || !strings.Contains(to, "code=") {
		w.t.Fatalf("the consent ended with %s to %q", response.Status, to)
	}
}

func TestWhereOnlyAdministratorsMayConsentNoOtherAddressIsGiven(t *testing.T) {
	t.Parallel()
	for code, kind := range map[int]fault.Kind{90094: fault.Consent, 700016: fault.NotSetUp} {
		w := open(t)
		w.Entra.Force(sandboxentra.Forced{Code: code})
		_, err := w.tokens().Token(t.Context(), w.adele(), "")
		f := fault.From(err)
		if f == nil || f.Kind != kind || f.Consent == nil || f.Consent.AuthorizeURL != "" || f.Consent.AdminURL == "" {
			t.Errorf("%d: %v, %+v", code, err, f.Consent)
		}
	}
	w := open(t)
	w.Entra.Force(sandboxentra.Forced{Code: 90002})
	_, err := w.tokens().Token(t.Context(), w.adele(), "")
	if f := fault.From(err); f == nil || f.Kind != fault.NotSetUp || f.Consent != nil {
		t.Errorf("an unknown tenant: %v", err)
	}
}
