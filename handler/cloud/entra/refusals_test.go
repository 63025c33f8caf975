package entra_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

// The sentences of the faults.
const (
	sessionEnded   = "Your session has ended. Open Image Pro again to go on."
	sessionUseless = "Your session cannot be used any more. Open Image Pro again to go on."
	needsConsent   = "Image Pro needs consent to read and write your organization's libraries."
	anotherStep    = "Your organization asks for another sign-in step."
	badCredential  = "Image Pro's own credential was refused by Entra ID. Its operator has to renew it."
	notSetUp       = "Image Pro is not set up in your organization. An administrator can add it."
	notAssigned    = "Image Pro is not assigned to you in your organization. An administrator can do that."
	tokenExpired   = "The access token has expired."
	entraBusy      = "The sign-in service is busy."
	entraAway      = "The sign-in service cannot be reached."
	entraOdd       = "The sign-in service did not answer as expected."
)

// refusal is what Entra refuses, and as what it must come out.
type refusal struct {
	prepare  func(w *world)
	kind     fault.Kind
	sentence string
	claims   string // part of Claims
}

func policy(code int) func(*world) {
	return func(w *world) {
		w.Entra.SetPolicy(
			sandboxentra.Policy{Tenant: w.scene.Contoso.ID, Code: code,
				Claims: `{"access_token":{"polids":{"essential":true}}}`})
	}
}

func forced(f sandboxentra.Forced) func(*world) {
	return func(w *world) {
		f.Times = 100
		w.Entra.Force(f)
	}
}

// refusals are those that both grants meet.
var refusals = map[string]refusal{
	"consent removed": {
		func(w *world) {
			w.Entra.RemoveConsent(w.scene.Contoso.ID, "", sandbox.DemoApp)
		}, fault.Consent, needsConsent, "",
	},
	"consent for less": {
		func(w *world) {
			w.Entra.RemoveConsent(w.scene.Contoso.ID, "", sandbox.DemoApp, "Sites.ReadWrite.All")
		}, fault.Consent, needsConsent, "",
	},
	"declined consent":        {forced(sandboxentra.Forced{Code: 65004}), fault.Consent, needsConsent, ""},
	"administrator's consent": {forced(sandboxentra.Forced{Code: 90094}), fault.Consent, needsConsent, ""},
	"consent without suberror": {forced(sandboxentra.Forced{Code: 65001, Suberror: "other"}), fault.Consent,
		needsConsent, ""},
	"multi-factor":           {policy(50076), fault.SignIn, anotherStep, "polids"},
	"enrolment":              {policy(50079), fault.SignIn, anotherStep, "polids"},
	"blocked":                {policy(53003), fault.SignIn, anotherStep, "polids"},
	"unmanaged device":       {policy(53000), fault.SignIn, anotherStep, "polids"},
	"interaction, no claims": {forced(sandboxentra.Forced{Code: 50158}), fault.SignIn, anotherStep, ""},
	"sessions revoked": {func(w *world) {
		w.Entra.Revoke(w.scene.Contoso.ID, w.scene.Adele.ID)
	}, fault.SignIn, sessionEnded, ""},
	"user disabled": {
		func(w *world) {
			_ = w.Entra.Disable(w.scene.Contoso.ID, w.scene.Adele.ID, true)
		}, fault.SignIn, sessionEnded, "",
	},
	"wrong secret": {func(w *world) {
		w.register(sandboxentra.Secret{Value: "another"})
	}, fault.Misconfigured, badCredential, ""},
	"expired secret": {func(w *world) {
		w.register(sandboxentra.Secret{Value: w.scene.Secret, Expires: w.clock.Now()})
	}, fault.Misconfigured, badCredential, ""},
	"app not installed": {func(w *world) {
		w.Entra.Uninstall(w.scene.Contoso.ID, sandbox.DemoApp)
	}, fault.NotSetUp, notSetUp, ""},
	"app disabled": {func(w *world) {
		app := w.scene.App
		app.Disabled = true
		_ = w.Entra.PutApp(app)
	}, fault.NotSetUp, notSetUp, ""},
	"user not assigned":  {forced(sandboxentra.Forced{Code: 50105}), fault.NotSetUp, notAssigned, ""},
	"resource not there": {forced(sandboxentra.Forced{Code: 500011}), fault.NotSetUp, notSetUp, ""},
	"tenant gone":        {forced(sandboxentra.Forced{Code: 90002}), fault.NotSetUp, notSetUp, ""},
	"a request loop":     {forced(sandboxentra.Forced{Code: 50196}), fault.Busy, entraBusy, ""},
	"an error of no meaning": {forced(sandboxentra.Forced{Code: 900561}), fault.Internal,
		"The sign-in service refused the request.", ""},
}

// register replaces the secrets of the app.
func (w *world) register(s sandboxentra.Secret) {
	app := w.scene.App
	app.Secrets = []sandboxentra.Secret{s}
	_ = w.Entra.PutApp(app)
}

func (r refusal) check(t *testing.T, tokens *entra.Tokens, who caller.Caller) {
	t.Helper()
	_, err := tokens.Token(t.Context(), who, "")
	f := wantFault(t, err, r.kind, r.sentence)
	if !strings.Contains(f.Claims, r.claims) || r.claims == "" && f.Claims != "" {
		t.Errorf("claims %q, want some with %q", f.Claims, r.claims)
	}
}

func TestARefusedExchangeSaysWhoCanMendIt(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			who := w.adele()
			c.prepare(w)
			c.check(t, w.tokens(), who)
			if len(w.sessions.sessions) != 0 {
				t.Error("a session was left")
			}
		})
	}
}

func TestARefusedSessionSaysWhoCanMendIt(t *testing.T) {
	t.Parallel()
	more := map[string]refusal{
		"inactive for 90 days": {func(w *world) { w.clock.pass(91 * 24 * time.Hour) }, fault.SignIn, sessionEnded, ""},
		"expired": {func(w *world) {
			w.Entra.Expire(w.scene.Contoso.ID, w.scene.Adele.ID)
		}, fault.SignIn, sessionEnded, ""},
		"sign-in too long ago": {func(w *world) {
			w.Entra.SetPolicy(sandboxentra.Policy{Tenant: w.scene.Contoso.ID, SignInFrequency: time.Hour})
			w.clock.pass(2 * time.Hour)
		}, fault.SignIn, sessionEnded, ""},
		"left no session": {func(w *world) { clear(w.sessions.sessions) }, fault.SignIn, sessionEnded, ""},
		"key was exchanged": {func(w *world) {
			w.ring = []seal.Key{{ID: "k1", Secret: secret.New(strings.Repeat("2", 32))}}
		}, fault.SignIn, sessionUseless, ""},
		"sealed for somebody else": {func(w *world) {
			w.good(w.tokens(), caller.Caller{Tenant: w.scene.Contoso.ID, User: w.scene.Alex.ID,
				Assertion: secret.New(w.teams(teamsToken{Tenant: w.scene.Contoso.ID, User: w.scene.Alex.ID}))}, "")
			s := w.sessions.sessions[w.scene.Contoso.ID+"|"+w.scene.Alex.ID]
			s.User = w.scene.Adele.ID
			w.sessions.sessions[s.Tenant+"|"+s.User] = s
		}, fault.SignIn, sessionUseless, ""},
		"torn": {func(w *world) {
			s := w.sessions.sessions[w.scene.Contoso.ID+"|"+w.scene.Adele.ID]
			s.Sealed = s.Sealed[:5]
			w.sessions.sessions[s.Tenant+"|"+s.User] = s
		}, fault.SignIn, sessionUseless, ""},
		"no refresh token at all": {func(w *world) {
			s := w.sessions.sessions[w.scene.Contoso.ID+"|"+w.scene.Adele.ID]
			s.KeyID, s.Sealed = sealer(w.t, w.ring...).Seal(secret.New("nonsense"), s.Tenant, s.User)
			w.sessions.sessions[s.Tenant+"|"+s.User] = s
		}, fault.SignIn, sessionEnded, ""},
	}
	for name, c := range refusals {
		more[name] = c
	}
	for name, c := range more {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.signIn()
			c.prepare(w)
			c.check(t, w.tokens(), w.away())
			w.wantParked(c)
		})
	}
}

// wantParked checks that a session is parked if only its user can mend the refusal, and then without what it
// held and without another request to Entra; and that the user's next visit brings it back.
func (w *world) wantParked(c refusal) {
	w.t.Helper()
	session, err := w.sessions.Session(w.t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
	if err != nil {
		return // never was one
	}
	if parked := session.State == org.SessionParked; parked != c.kind.NeedsUser() {
		w.t.Errorf("the session is %s after a refusal of kind %s", session.State, c.kind)
	}
	if session.State != org.SessionParked {
		return
	}
	if len(session.Sealed) > 0 || session.KeyID != "" || session.Reason != string(c.kind) ||
		!session.ParkedAt.Equal(w.clock.Now()) {
		w.t.Errorf("the parked session is %+v", session)
	}
	before := w.wire.count(refreshing)
	for range 5 { // as many images of a job
		if _, err := w.tokens().Token(w.t.Context(), w.away(), ""); fault.From(err).Kind != c.kind {
			w.t.Errorf("later: %v, want %s", err, c.kind)
		}
	}
	if after := w.wire.count(refreshing); after != before {
		w.t.Errorf("Entra was asked %d times with a parked session", after-before)
	}
}

func TestAParkedSessionIsReplacedByTheUsersNextVisit(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	w.Entra.Revoke(w.scene.Contoso.ID, w.scene.Adele.ID)
	tokens := w.tokens()
	_, err := tokens.Token(t.Context(), w.away(), "")
	wantFault(t, err, fault.SignIn, sessionEnded)
	w.clock.pass(time.Second) // a token of the second of the revocation would count as older
	w.good(tokens, w.adele(), "")
	w.good(tokens, w.away(), "")
	if session, _ := w.sessions.Session(t.Context(), w.scene.Contoso.ID,
		w.scene.Adele.ID); session.State != org.SessionReady || session.Reason != "" {
		t.Errorf("the session is %+v", session)
	}
}

func TestASessionThatWasReplacedWhileItFailedIsNotParked(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	w.Entra.Force(sandboxentra.Forced{Code: 70043, Grant: "refresh_token"})
	tokens := w.tokens(func(o *entra.TokensOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := w.wire.RoundTrip(r)
			if r.Method == http.MethodPost { // the user signs in meanwhile
				w.signIn()
			}
			return response, err
		})
	})
	_, err := tokens.Token(t.Context(), w.away(), "")
	wantFault(t, err, fault.Busy, "Your session was just renewed.")
	w.good(w.tokens(), w.away(), "")
}

func TestSessionsMoveToTheNewKeyWithoutTheirUsers(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	old, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, changed := w.tokens().Reseal(old); changed {
		t.Error("a session of the present key was sealed again")
	}
	k1, k2 := w.ring[0], seal.Key{ID: "k2", Secret: secret.New(strings.Repeat("2", 32))}
	w.ring = []seal.Key{k2, k1}
	moved, changed := w.tokens().Reseal(old)
	if !changed || moved.KeyID != "k2" || !moved.SavedAt.Equal(old.SavedAt) {
		t.Fatalf("resealed %t: %+v", changed, moved)
	}
	if err := w.sessions.RenewSession(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	w.ring = []seal.Key{k2} // the old key leaves
	w.good(w.tokens(), w.away(), "")
	if _, changed := w.tokens().Reseal(old); changed {
		t.Error("a session whose key only another process has was changed")
	}
	w.ring = []seal.Key{k2, {ID: "k1", Secret: secret.New(strings.Repeat("3", 32))}}
	if lost, changed := w.tokens().Reseal(old); !changed || lost.State != org.SessionParked || len(lost.Sealed) > 0 {
		t.Errorf("a session that its key does not open: %t %+v, want it parked", changed, lost)
	}
}

// A process of the old settings and one of the new ones run side by side for a while.
func TestASessionOfAnUnknownKeyWaitsForItsKeyOrItsUser(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	k1, k2 := w.ring[0], seal.Key{ID: "k2", Secret: secret.New(strings.Repeat("2", 32))}
	ready := func() org.Session {
		t.Helper()
		s, err := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID)
		if err != nil || s.State != org.SessionReady || len(s.Sealed) == 0 {
			t.Fatalf("the session is %+v, %v", s, err)
		}
		return s
	}
	w.ring = []seal.Key{k2}
	before := w.wire.count(refreshing)
	_, err := w.tokens().Token(t.Context(), w.away(), "")
	wantFault(t, err, fault.SignIn, sessionUseless)
	if w.tokens().Usable(ready()) || w.wire.count(refreshing) != before {
		t.Error("a session of an unknown key counts as usable, or was used")
	}
	w.ring = []seal.Key{k1}
	if !w.tokens().Usable(ready()) {
		t.Error("its own key does not make it usable")
	}
	w.good(w.tokens(), w.away(), "")
	w.ring = []seal.Key{k2}
	w.good(w.tokens(), w.adele(), "") // a visit leaves another
	w.good(w.tokens(), w.away(), "")
	if s := ready(); s.KeyID != "k2" || !w.tokens().Usable(s) {
		t.Errorf("after the visit the session is of %q", s.KeyID)
	}
}

func TestARefusedTokenIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	tokens, who := w.tokens(), w.adele()
	token := func() secret.Text {
		t.Helper()
		got, err := tokens.Token(t.Context(), who, "")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := token()
	if token() != first {
		t.Fatal("a token is not remembered")
	}
	tokens.Refused(who, secret.New("another"))
	if token() != first {
		t.Error("the refusal of another token forgot this one")
	}
	tokens.Refused(who, first)
	if token() == first {
		t.Error("a refused token was given again")
	}
}

func TestASessionLeftSinceCountsOnlyIfItCanBeUsed(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.clock.pass(time.Microsecond) // stores keep milliseconds
	left := func(since time.Time) bool {
		t.Helper()
		left, err := w.tokens().LeftSince(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID, since)
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	before := w.clock.Now()
	if left(before) {
		t.Error("there is no session at all")
	}
	w.signIn()
	if !left(before) || left(w.clock.Now().Add(time.Second)) {
		t.Errorf("left: %t since before, %t since a second later", left(before), left(w.clock.Now().Add(time.Second)))
	}
	k1 := w.ring
	w.ring = []seal.Key{{ID: "k2", Secret: secret.New(strings.Repeat("2", 32))}}
	if left(before) {
		t.Error("a session of an unknown key counts")
	}
	w.ring = k1
	w.Entra.Revoke(w.scene.Contoso.ID, w.scene.Adele.ID)
	if _, err := w.tokens().Token(t.Context(), w.away(), ""); err == nil || left(before) {
		t.Errorf("a parked session counts (%v)", err)
	}
}

func TestTheSessionSurvivesAChangeOfTheKey(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.signIn()
	w.ring = []seal.Key{{ID: "k2", Secret: secret.New(strings.Repeat("2", 32))}, w.ring[0]}
	w.good(w.tokens(), w.away(), "")
	if s, _ := w.sessions.Session(t.Context(), w.scene.Contoso.ID, w.scene.Adele.ID); s.KeyID != "k2" {
		t.Errorf("the session is still sealed with %q", s.KeyID)
	}
	w.ring = w.ring[:1]
	w.good(w.tokens(), w.away(), "")
}

func TestAnExpiredAssertionIsUnauthorized(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, request := range []teamsToken{{Lifetime: -time.Minute}, {Signing: sandboxentra.SignWrongKey}} {
		who := w.away()
		who.Assertion = secret.New(w.teams(request))
		_, err := w.tokens().Token(t.Context(), who, "")
		wantFault(t, err, fault.Unauthorized, tokenExpired)
	}
}

func TestAnUnknownTenantIsNotSetUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	who := w.adele()
	who.Tenant = directory.NewID()
	_, err := w.tokens().Token(t.Context(), who, "")
	wantFault(t, err, fault.NotSetUp, notSetUp)
}

func TestPassingTroubleAtEntraIsBorne(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]trouble.Rule{
		"throttled":             {Method: http.MethodPost, Action: trouble.Fail, Status: 429},
		"away":                  {Method: http.MethodPost, Action: trouble.Fail, Status: 503},
		"failed":                {Method: http.MethodPost, Action: trouble.Fail, Status: 500},
		"broken":                {Method: http.MethodPost, Action: trouble.Break},
		"answered into nothing": {Method: http.MethodPost, Action: trouble.Lose},
		"discovery throttled":   {Method: http.MethodGet, Action: trouble.Fail, Status: 429},
		"discovery broken":      {Method: http.MethodGet, Action: trouble.Break},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			tokens, who := w.tokens(), w.adele()
			rule.Service = "entra"
			w.trouble(rule)
			w.good(tokens, who, "")
			rules := w.Trouble.Rules()
			if rules[0].Struck != 1 {
				t.Errorf("struck %d times", rules[0].Struck)
			}
			w.trouble(rule)
			w.good(w.tokens(), w.away(), "")
		})
	}
}

func TestLastingTroubleAtEntraIsBusy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule     trouble.Rule
		sentence string
		wait     time.Duration
		tries    int
	}{
		"throttled for long": {trouble.Rule{Action: trouble.Fail, Status: 429, RetryAfter: 77 * time.Second}, entraBusy,
			77 * time.Second, 1},
		"away for long": {trouble.Rule{Action: trouble.Fail, Status: 503, RetryAfter: time.Hour}, entraBusy, time.Hour,
			1},
		"away":   {trouble.Rule{Action: trouble.Fail, Status: 503}, entraBusy, 0, 3},
		"broken": {trouble.Rule{Action: trouble.Break}, entraAway, 0, 3},
		"cut off": {trouble.Rule{Action: trouble.Truncate, Bytes: 50}, "The sign-in service's answer was cut off.", 0,
			1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.signIn()
			who := w.adele()
			c.rule.Service, c.rule.Method, c.rule.Times = "entra", http.MethodPost, -1
			w.trouble(c.rule)
			for _, who := range []caller.Caller{who, w.away()} {
				before := len(w.Trouble.History(trouble.Filter{Service: "entra", Method: http.MethodPost}))
				_, err := w.tokens().Token(t.Context(), who, "")
				f := wantFault(t, err, fault.Busy, c.sentence)
				if f.RetryAfter != c.wait {
					t.Errorf("try again after %v, want %v", f.RetryAfter, c.wait)
				}
				after := func() int {
					return len(w.Trouble.History(trouble.Filter{Service: "entra", Method: http.MethodPost}))
				}
				eventually(t, fmt.Sprint(c.tries, " requests"), func() bool { return after()-before == c.tries })
			}
		})
	}
}

func TestAnAnswerOfSomethingBetweenIsBusyAndKeptOutOfTheError(t *testing.T) {
	t.Parallel()
	w := open(t)
	hide("captive portal")
	for name, c := range map[string]struct {
		status int
		body   string
		kind   fault.Kind
	}{
		"a page":         {200, "<html>captive portal</html>", fault.Busy},
		"a failing page": {502, "<html>captive portal</html>", fault.Busy},
		"an odd refusal": {400, "<html>captive portal</html>", fault.Internal},
		"no scopes granted": {200,
			`{"token_type":"Bearer","access_token":"captive portal","expires_in":3600,"scope":"other"}`,
			fault.Internal},
		"a token already old": {200,
			`{"token_type":"Bearer","access_token":"captive portal","expires_in":10,` +
				`"scope":"https://graph.microsoft.com/User.Read https://graph.microsoft.com/Sites.ReadWrite.All"}`,
			fault.Internal},
		"a redirect": {307, "", fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens := w.tokens(func(o *entra.TokensOptions) {
				o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodGet {
						return w.wire.RoundTrip(r)
					}
					if r.URL.Host == "evil.example" {
						t.Error("the assertion went elsewhere")
					}
					header := http.Header{"Location": {"https://evil.example/token"}}
					return &http.Response{
						StatusCode: c.status,
						Header:     header,
						Body:       io.NopCloser(strings.NewReader(c.body)),
						Request:    r,
					}, nil
				})
			})
			_, err := tokens.Token(t.Context(), w.adele(), "")
			sentence := map[int]string{502: entraBusy, 307: "The sign-in service refused the request.",
				400: "The sign-in service refused the request."}[c.status]
			if sentence == "" {
				sentence = entraOdd
			}
			wantFault(t, err, c.kind, sentence)
		})
	}
}
