package entra_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/cloud/entra"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/fault"
)

const (
	unknownKey = "The access token was not accepted: its key is unknown."
	noKeys     = "The sign-in service cannot be reached. Try again in a moment."
)

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it did not come to that in 10 s", what)
		}
	}
}

func (w *world) verify(v *entra.Verifier, request teamsToken) error {
	w.t.Helper()
	_, err := v.Verify(w.t.Context(), "Bearer "+w.teams(request))
	return err
}

func (w *world) trouble(rule trouble.Rule) {
	w.t.Helper()
	if _, err := w.Trouble.Add(rule); err != nil {
		w.t.Fatal(err)
	}
}

// wantFetches checks how often the keys were asked for.
func (w *world) wantFetches(want int) {
	w.t.Helper()
	if got := w.wire.count("keys"); got != want {
		w.t.Errorf("the keys were fetched %d times, want %d", got, want)
	}
}

func TestPrefetchedKeysNeedNoFurtherFetch(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.verifier()
	v.Prefetch(t.Context())
	v.Prefetch(t.Context())
	for _, version := range []int{1, 2} {
		if err := w.verify(v, teamsToken{Version: version}); err != nil {
			t.Fatal(err)
		}
	}
	w.wantFetches(1)
	if got := w.wire.count("v1 keys"); got != 1 {
		t.Errorf("the keys of v1 tokens were fetched %d times, want once", got)
	}
}

func TestFirstRequestsShareOneFetch(t *testing.T) {
	t.Parallel()
	w := open(t)
	v, token := w.verifier(), w.teams(teamsToken{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), "Bearer "+token); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.wantFetches(1)
}

func TestUnknownKeysCauseOneFetchInFiveMinutes(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.verifier()
	v.Prefetch(t.Context())
	for round := range 3 {
		w.clock.pass(5*time.Minute - time.Second)
		for range 5 {
			wantFault(t, w.verify(v, teamsToken{Signing: sandboxentra.SignUnknownKid}), fault.Unauthorized, unknownKey)
		}
		w.wantFetches(1 + round)
		w.clock.pass(time.Second)
		var all sync.WaitGroup
		for range 20 {
			token := w.teams(teamsToken{Signing: sandboxentra.SignUnknownKid})
			all.Go(func() {
				_, err := v.Verify(t.Context(), "Bearer "+token)
				wantFault(t, err, fault.Unauthorized, unknownKey)
			})
		}
		all.Wait()
		w.wantFetches(2 + round)
	}
	for range 20 {
		wantFault(t, w.verify(v, teamsToken{Signing: sandboxentra.SignWrongKey}), fault.Unauthorized,
			"The access token was not accepted: its signature is wrong.")
	}
	w.wantFetches(4)
}

func TestRotatedKeysAreFoundAndWithdrawnOnesForgotten(t *testing.T) {
	t.Parallel()
	w := open(t)
	v, old := w.verifier(), w.teams(teamsToken{})
	v.Prefetch(t.Context())
	for _, withdraw := range []bool{false, true} {
		if _, err := w.Entra.Rotate(withdraw); err != nil {
			t.Fatal(err)
		}
		wantFault(t, w.verify(v, teamsToken{}), fault.Unauthorized, unknownKey) // too soon after the last fetch
		w.clock.pass(5 * time.Minute)
		if err := w.verify(v, teamsToken{}); err != nil {
			t.Errorf("with the new key: %v", err)
		}
		if _, err := v.Verify(t.Context(), "Bearer "+old); err != nil {
			t.Errorf("with the first key: %v", err)
		}
	}
	w.wantFetches(3)
}

func TestAWithdrawnKeyIsRefusedAfterTheNextFetch(t *testing.T) {
	t.Parallel()
	w := open(t)
	v, old := w.verifier(), w.teams(teamsToken{})
	v.Prefetch(t.Context())
	if _, err := w.Entra.Rotate(true); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(5 * time.Minute)
	if err := w.verify(v, teamsToken{}); err != nil {
		t.Fatal(err)
	}
	_, err := v.Verify(t.Context(), "Bearer "+old)
	wantFault(t, err, fault.Unauthorized, unknownKey)
}

func TestTheLastGoodKeysServeWhileEntraIsAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.verifier()
	v.Prefetch(t.Context())
	w.trouble(trouble.Rule{Service: "entra", Path: "/discovery/", Action: trouble.Fail, Status: 503, Times: -1})
	for day := range 3 {
		w.clock.pass(25 * time.Hour)
		eventually(t, "another try to fetch", func() bool {
			w.clock.pass(5 * time.Minute) // the try before may still be under way
			if err := w.verify(v, teamsToken{}); err != nil {
				t.Fatalf("on day %d: %v", day, err)
			}
			return w.wire.count("keys") >= 2+day
		})
	}
	w.clock.pass(time.Hour)
	wantFault(t, w.verify(v, teamsToken{Signing: sandboxentra.SignUnknownKid}), fault.Unauthorized, unknownKey)
}

func TestOldKeysAreFetchedInTheBackground(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Second // ten checks take a few milliseconds, also on a busy machine much less than this
	w := open(t)
	v := w.verifier()
	v.Prefetch(t.Context())
	w.clock.pass(24*time.Hour - time.Second)
	if err := w.verify(v, teamsToken{}); err != nil {
		t.Fatal(err)
	}
	w.wantFetches(1)
	w.clock.pass(time.Second)
	w.trouble(trouble.Rule{Service: "entra", Path: "/discovery/", Action: trouble.Delay, Delay: delay})
	began := time.Now()
	for range 10 {
		if err := w.verify(v, teamsToken{}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took >= delay {
		t.Errorf("the requests waited for the keys: %v", took)
	}
	eventually(t, "a fetch that has ended", func() bool {
		return len(w.Trouble.History(trouble.Filter{Trouble: "delay"})) == 1
	})
	w.wantFetches(2)
}

func TestWithoutAnyKeysTheAnswerIsBusyUntilEntraIsBack(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]trouble.Rule{
		"503":    {Action: trouble.Fail, Status: 503},
		"404":    {Action: trouble.Fail, Status: 404},
		"broken": {Action: trouble.Break},
		"lost":   {Action: trouble.Lose},
		"cut":    {Action: trouble.Truncate, Bytes: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			v := w.verifier()
			rule.Service, rule.Path, rule.Times = "entra", "/discovery/", -1
			w.trouble(rule)
			for range 3 {
				f := wantFault(t, w.verify(v, teamsToken{}), fault.Busy, noKeys)
				if f.RetryAfter != 5*time.Second {
					t.Errorf("try again after %v, want 5 s", f.RetryAfter)
				}
			}
			w.wantFetches(1)
			w.Trouble.Clear()
			wantFault(t, w.verify(v, teamsToken{}), fault.Busy, noKeys)
			w.wantFetches(1)
			w.clock.pass(5 * time.Second)
			if err := w.verify(v, teamsToken{}); err != nil {
				t.Errorf("after Entra came back: %v", err)
			}
			w.wantFetches(2)
		})
	}
}

// jwk is a key as a key set shows it.
func jwk(public *rsa.PublicKey, change members) members {
	all := members{
		"kty": "RSA", "use": "sig", "kid": "k", "issuer": "https://issuer.example/{tenantid}/v2.0",
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()), "e": "AQAB",
	}
	for name, value := range change {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	return all
}

func TestAKeySetWithoutAUsableKeyIsNone(t *testing.T) {
	t.Parallel()
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(key members) string {
		raw, _ := json.Marshal(members{"keys": []any{key}})
		return string(raw)
	}
	short := base64.RawURLEncoding.EncodeToString(strong.N.Bytes()[:128])
	for name, body := range map[string]string{
		"no JSON":         "<html>",
		"null":            "null",
		"no keys":         `{"keys":[]}`,
		"another form":    `{"keys":{"k":"v"}}`,
		"a number":        `{"keys":[1]}`,
		"1024 bits":       set(jwk(&strong.PublicKey, members{"n": short})),
		"for encryption":  set(jwk(&strong.PublicKey, members{"use": "enc"})),
		"no use":          set(jwk(&strong.PublicKey, members{"use": nil})),
		"elliptic":        set(jwk(&strong.PublicKey, members{"kty": "EC"})),
		"symmetric":       set(jwk(&strong.PublicKey, members{"kty": "oct", "k": "AAAA"})),
		"no id":           set(jwk(&strong.PublicKey, members{"kid": nil})),
		"no issuer":       set(jwk(&strong.PublicKey, members{"issuer": nil})),
		"no modulus":      set(jwk(&strong.PublicKey, members{"n": nil})),
		"odd modulus":     set(jwk(&strong.PublicKey, members{"n": "%%%"})),
		"no exponent":     set(jwk(&strong.PublicKey, members{"e": nil})),
		"exponent 1":      set(jwk(&strong.PublicKey, members{"e": "AQ"})),
		"odd exponent":    set(jwk(&strong.PublicKey, members{"e": "=="})),
		"huge exponent":   set(jwk(&strong.PublicKey, members{"e": "AQAAAAAAAAE"})),
		"more than 1 MiB": `{"keys":[],"more":"` + strings.Repeat("x", 2<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			defer server.Close()
			_, err := lone(server).Verify(t.Context(), someToken)
			wantFault(t, err, fault.Busy, noKeys)
		})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		raw, _ := json.Marshal(members{"keys": []any{members{"kty": "oct"}, jwk(&strong.PublicKey, nil)}})
		_, _ = w.Write(raw)
	}))
	defer server.Close()
	_, err = lone(server).Verify(t.Context(), someToken)
	// the good key among others was taken
	wantFault(t, err, fault.Unauthorized, "The access token was not accepted: its signature is wrong.")
}

// someToken has the key id k and no good signature.
var someToken = "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k"}`)) + "." +
	base64.RawURLEncoding.EncodeToString([]byte(`{"ver":"2.0"}`)) + ".AAAA"

// lone returns a verifier whose keys come from a server.
func lone(server *httptest.Server) *entra.Verifier {
	return entra.NewVerifier(entra.VerifierOptions{Authority: server.URL, Client: server.Client(), Now: time.Now})
}

func TestARequestThatEndsDoesNotEndTheFetchForOthers(t *testing.T) {
	t.Parallel()
	w := open(t)
	var calls atomic.Int32
	release := make(chan struct{})
	held := http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		calls.Add(1)
		<-release
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return w.wire.RoundTrip(r)
	})}
	v := entra.NewVerifier(entra.VerifierOptions{
		Authority:   w.EntraURL,
		AuthorityV1: w.EntraURL,
		AppID:       w.scene.App.ID,
		ClientApps:  []string{sandboxentra.TeamsWeb},
		Client:      &held,
		Now:         w.clock.Now,
	})
	token := w.teams(teamsToken{})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := v.Verify(ctx, "Bearer "+token)
		first <- err
	}()
	eventually(t, "a fetch", func() bool { return calls.Load() == 1 })
	cancel()
	err := <-first
	wantFault(t, err, fault.Busy, noKeys)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
	close(release)
	if _, err := v.Verify(t.Context(), "Bearer "+token); err != nil {
		t.Errorf("the next request: %v", err)
	}
	if calls.Load() != 1 {
		t.Errorf("fetched %d times, want once", calls.Load())
	}
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
