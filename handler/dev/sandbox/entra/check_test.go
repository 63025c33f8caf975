package entra_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/entra"
)

const cp1 = `{"access_token":{"xms_cc":{"values":["CP1"]}}}`

// challenged returns the claims challenge of an error, or "".
func challenged(err error) string {
	var c interface{ ClaimsChallenge() string }
	if errors.As(err, &c) {
		return c.ClaimsChallenge()
	}
	return ""
}

func TestCheckTellsWhyATokenIsNotGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.obo()
	token := got.text("access_token")
	if _, err := w.Check(t.Context(), "nonsense"); !errors.Is(err, entra.ErrMalformed) {
		t.Errorf("nonsense: %v", err)
	}
	if _, err := w.Check(t.Context(), token[:len(token)-6]+"AAAAAA"); !errors.Is(err, entra.ErrMalformed) {
		t.Errorf("another signature: %v", err)
	}
	if _, err := w.Check(t.Context(), w.teams(entra.TeamsTokenRequest{})); !errors.Is(err, entra.ErrAudience) {
		t.Errorf("a Teams token: %v", err)
	}
	if _, err := w.Check(t.Context(), got.text("id_token")); !errors.Is(err, entra.ErrAudience) {
		t.Errorf("an id_token: %v", err)
	}
	w.clock.advance(time.Duration(got.body["expires_in"].(float64)) * time.Second)
	if _, err := w.Check(t.Context(), token); !errors.Is(err, entra.ErrExpired) {
		t.Errorf("at the end of its lifetime: %v", err)
	}
	if _, err := w.Rotate(true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Check(t.Context(), token); !errors.Is(err, entra.ErrMalformed) {
		t.Errorf("of a withdrawn key: %v", err)
	}
}

func TestLifetimesAreThoseOfTheServiceOrAsConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	minutes := func(r reply) float64 { return r.body["expires_in"].(float64) / 60 }
	for range 20 {
		if got := minutes(w.obo()); got < 60 || got > 90 {
			t.Errorf("%v minutes, want 60 to 90", got)
		}
	}
	if got := minutes(w.obo("claims", cp1)) / 60; got < 20 || got > 28 {
		t.Errorf("CP1: %v hours, want 20 to 28", got)
	}
	short := newWorld(t, func(o *entra.Options) { o.TokenLifetime = 7 * time.Minute })
	if got := minutes(short.obo()); got != 7 {
		t.Errorf("%v minutes, want 7", got)
	}
}

func TestRevocationChallengesTheTokensOfCP1Clients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	usual, continuous := w.obo(), w.obo("claims", strings.ReplaceAll(cp1, "CP1", "cp1"))
	w.Revoke(contoso, adele)
	if _, err := w.Check(t.Context(), usual.text("access_token")); err != nil {
		t.Errorf("a token without CP1 lives on: %v", err)
	}
	_, err := w.Check(t.Context(), continuous.text("access_token"))
	if want := `{"access_token":{"nbf":{"essential":true,"value":"1772366400"}}}`; challenged(err) != want {
		t.Errorf("Check = %v, want the challenge %s", err, want)
	}
	wantRefused(t, w.post(contoso, refreshForm(continuous.text("refresh_token"))), 400, "invalid_grant", 50173,
		"bad_token")
	if _, err := w.Check(t.Context(), w.obo("claims", cp1).text("access_token")); err != nil {
		t.Errorf("after signing in again: %v", err)
	}
}

func TestAChallengeIsMetWithTheRefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.obo("claims", cp1)
	w.Challenge(contoso, adele)
	_, err := w.Check(t.Context(), got.text("access_token"))
	if challenged(err) == "" {
		t.Fatalf("Check = %v, want a challenge", err)
	}
	merged := `{"access_token":{"nbf":{"essential":true,"value":"1772366400"},"xms_cc":{"values":["CP1"]}}}`
	got = w.post(contoso, refreshForm(got.text("refresh_token"), "claims", merged))
	wantTokens(t, got)
	if _, err := w.Check(t.Context(), got.text("access_token")); err != nil {
		t.Errorf("the new token: %v", err)
	}
}
