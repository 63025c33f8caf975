package entra_test

import (
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/entra"
)

func TestTeamsTokensHaveTheClaimsOfTheirVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := claims(t, w.teams(entra.TeamsTokenRequest{})),
		claims(t, w.teams(entra.TeamsTokenRequest{Version: 2, User: "ADELE@contoso.example"}))
	for name, want := range map[string]any{"aud": appURI, "iss": w.base + "/" + contoso + "/", "appid": entra.TeamsWeb,
		"appidacr": "0", "upn": "adele@contoso.example",
		"unique_name": "adele@contoso.example", "scp": "access_as_user", "ver": "1.0", "oid": adele, "tid": contoso,
		"name": "Adele Vance", "azp": nil} {
		if one[name] != want {
			t.Errorf("version 1: %s = %v, want %v", name, one[name], want)
		}
	}
	for name, want := range map[string]any{"aud": appID, "iss": w.base + "/" + contoso + "/v2.0", "azp": entra.TeamsWeb,
		"azpacr":             "0",
		"preferred_username": "adele@contoso.example", "scp": "access_as_user", "ver": "2.0", "oid": adele,
		"tid": contoso, "appid": nil, "upn": nil} {
		if two[name] != want {
			t.Errorf("version 2: %s = %v, want %v", name, two[name], want)
		}
	}
	if one["sub"] != two["sub"] || one["uti"] == two["uti"] {
		t.Errorf("sub is not stable or uti not unique: %v %v", one, two)
	}
}

func TestTeamsTokensTakeOverrides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.teams(entra.TeamsTokenRequest{
		Version:  2,
		Tenant:   "fabrikam",
		User:     "frida@fabrikam.example",
		Host:     "4765445b-32c6-49b0-83e6-1d93765276ca",
		Audience: "api://x",
		Lifetime: 10 * time.Minute,
		Claims:   map[string]any{"scp": nil, "oid": 7},
		Header:   map[string]any{"crit": []string{"exp"}, "typ": nil},
	})
	got, header := claims(t, token), segmentOf(t, token, 0)
	if _, has := got["scp"]; has || got["oid"] != 7.0 || got["azp"] != "4765445b-32c6-49b0-83e6-1d93765276ca" ||
		got["aud"] != "api://x" || got["tid"] != fabrikam {
		t.Errorf("claims %v", got)
	}
	if _, has := header["typ"]; has || header["crit"] == nil {
		t.Errorf("header %v", header)
	}
	if want := float64(w.clock.Now().Add(10 * time.Minute).Unix()); got["exp"] != want {
		t.Errorf("exp = %v, want %v", got["exp"], want)
	}
}

func TestOnlySoundTeamsTokensVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for signing, sound := range map[entra.Signing]bool{
		// the key's issuer is for the verifier to check
		entra.SignRight: true, entra.SignStandby: true, entra.SignMSA: true,
		entra.SignWrongKey: false, entra.SignUnknownKid: false, entra.SignNoKid: false, entra.SignHS256: false,
		entra.SignNone: false, entra.SignEmbedded: false, entra.SignRemote: false, entra.SignTampered: false,
	} {
		token := w.teams(entra.TeamsTokenRequest{Signing: signing})
		if err := w.verify(token); (err == nil) != sound {
			t.Errorf("%q: %v, want sound %v", signing, err, sound)
		}
	}
	if header := segmentOf(t, w.teams(entra.TeamsTokenRequest{Signing: entra.SignEmbedded}), 0); header["jwk"] == nil {
		t.Errorf("header %v has no jwk", header)
	}
	if header := segmentOf(t,
		w.teams(entra.TeamsTokenRequest{Signing: entra.SignRemote, JKU: "https://evil.example/k"}),
		0); header["jku"] != "https://evil.example/k" {
		t.Errorf("header %v has no jku", header)
	}
}

func TestTeamsTokensNeedAKnownUserAndApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for want, request := range map[string]entra.TeamsTokenRequest{
		"tenant":  {Tenant: "nowhere", User: adele},
		"user":    {Tenant: contoso, User: "nobody"},
		"app":     {Tenant: contoso, User: adele, App: otherAppID},
		"sign":    {Tenant: contoso, User: adele, Signing: "backwards"},
		"claims":  {Tenant: contoso, User: adele, Claims: map[string]any{"x": func() {}}},
		"another": {Tenant: contoso, User: frida},
	} {
		if _, err := w.TeamsToken(request); err == nil || want != "another" && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
