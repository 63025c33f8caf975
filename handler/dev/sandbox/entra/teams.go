package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// TeamsWeb is the client id of Teams in a browser, the azp of tokens unless another is asked for.
const TeamsWeb = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"

// Signing is how a token for the app's API is signed. All but SignRight are attacks or defects that a
// verifier must refuse.
type Signing string

// The ways to sign.
const (
	SignRight      Signing = ""            // with the current key
	SignStandby    Signing = "standby"     // with the other published key for organizations: valid
	SignMSA        Signing = "msa"         // with the published key of personal accounts
	SignWrongKey   Signing = "wrong-key"   // the current kid, but a key that nobody published
	SignUnknownKid Signing = "unknown-kid" // an unpublished key with its own kid
	SignNoKid      Signing = "no-kid"      // the current key, without kid and x5t
	SignHS256      Signing = "hs256"       // HMAC with the PEM of the public key as the secret
	SignNone       Signing = "none"        // alg none, no signature
	SignEmbedded   Signing = "jwk"         // an unpublished key that is embedded in the header as jwk
	SignRemote     Signing = "jku"         // an unpublished key, with a jku header that points to it
	SignTampered   Signing = "tampered"    // the right signature of other claims
)

// TeamsTokenRequest asks for what getAuthToken gives a tab. Tenant and User are required.
type TeamsTokenRequest struct {
	Tenant   string         `json:"tenant"`   // id or domain
	User     string         `json:"user"`     // object id or UPN
	App      string         `json:"app"`      // client id of the API; may be empty if only one app is registered
	Version  int            `json:"version"`  // 1 or 2; 0: as the app is registered
	Host     string         `json:"host"`     // azp or appid; empty: TeamsWeb
	Audience string         `json:"audience"` // empty: the client id (2) or the first application ID URI (1)
	Lifetime time.Duration  `json:"-"`        // zero: 60 to 90 minutes; negative: expired that long ago
	Strong   bool           `json:"strong"`   // the user met multi-factor policies
	Claims   map[string]any `json:"claims"`   // replace claims; null removes one
	Header   map[string]any `json:"header"`   // replace header members; null removes one
	Signing  Signing        `json:"signing"`
	// JKU is the URL for SignRemote; empty: one under example.com.
	JKU string `json:"jku"`
}

// TeamsToken makes the token that Teams would give a tab of the app for a signed-in user. Teams sees to it
// that the app is installed in the tenant, and so does this, unless it was removed with Uninstall. A user
// who is disabled gets none.
func (e *Entra) TeamsToken(request TeamsTokenRequest) (string, error) {
	api, err := e.teamsApp(request)
	if err != nil {
		return "", err
	}
	tenant, err := e.options.Directory.Tenant(request.Tenant)
	if err != nil {
		return "", fmt.Errorf("entra: tenant %q: %w", request.Tenant, err)
	}
	user, err := e.options.Directory.User(tenant.ID, request.User)
	if err != nil {
		return "", fmt.Errorf("entra: user %q: %w", request.User, err)
	}
	if user.Disabled {
		return "", errors.New("entra: the user is disabled and cannot sign in")
	}
	e.install(tenant.ID, api.ID)
	if request.Host == "" {
		request.Host = TeamsWeb
	}
	lifetime := request.Lifetime.Truncate(time.Second)
	if lifetime == 0 {
		lifetime = e.lifetime(false)
	}
	s := subject{user: user, strong: request.Strong, seen: e.generation(tenant.ID, user.ID).sessions}
	claims := e.apiClaims(api, request.Host, "0", s, lifetime)
	claims["scp"] = api.exposed()[0]
	if api.TokenVersion != 2 && len(api.URIs) > 0 {
		claims["aud"] = api.URIs[0]
	}
	if request.Audience != "" {
		claims["aud"] = request.Audience
	}
	if lifetime < 0 { // an hour long, and over
		claims["iat"] = e.now().Add(lifetime - time.Hour).Unix()
		claims["nbf"] = claims["iat"]
	}
	replace(claims, request.Claims)
	return e.signOddly(request, api, claims)
}

// teamsApp finds the app and gives it the version that is asked for.
func (e *Entra) teamsApp(request TeamsTokenRequest) (App, error) {
	app, ok := e.App(request.App)
	if apps := e.Apps(); request.App == "" && len(apps) == 1 {
		app, ok = apps[0], true
	}
	if !ok {
		return App{}, fmt.Errorf("entra: app %q is not registered", request.App)
	}
	if request.Version != 0 {
		app.TokenVersion = request.Version
	}
	return app, nil
}

// install notes that a tenant has the app, unless it was removed on purpose.
func (e *Entra) install(tenant, app string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := [2]string{tenant, app}
	if _, known := e.installed[key]; !known {
		e.installed[key] = true
	}
}

func replace(members, by map[string]any) {
	for name, value := range by {
		if value == nil {
			delete(members, name)
			continue
		}
		members[name] = value
	}
}

// signOddly signs in the way that is asked for: with the stranger's key where there is one.
func (e *Entra) signOddly(request TeamsTokenRequest, api App, claims map[string]any) (string, error) {
	key, stranger, err := e.oddKeys(request.Signing)
	if err != nil {
		return "", err
	}
	header := plainHeader(key, api.TokenVersion)
	if stranger != nil {
		key = stranger
	}
	switch request.Signing {
	case SignUnknownKid:
		header = plainHeader(stranger, api.TokenVersion)
	case SignNoKid:
		delete(header, "kid")
		delete(header, "x5t")
	case SignHS256:
		header["alg"] = "HS256"
	case SignNone:
		header["alg"] = "none"
	case SignEmbedded:
		header = plainHeader(stranger, api.TokenVersion)
		header["jwk"] = publicJWK(stranger)
	case SignRemote:
		header = plainHeader(stranger, api.TokenVersion)
		header["jku"] = request.JKU
		if request.JKU == "" {
			header["jku"] = "https://keys.example.com/jwks.json"
		}
	}
	replace(header, request.Header)
	if _, err := json.Marshal([]any{header, claims}); err != nil {
		return "", fmt.Errorf("entra: the claims or header of a token: %w", err)
	}
	switch request.Signing {
	case SignHS256:
		return signHS256(publicPEM(key), header, claims), nil
	case SignNone:
		return segment(header) + "." + segment(claims) + ".", nil
	case SignTampered:
		return tamper(signRS256(key.private, header, claims), claims), nil
	}
	return signRS256(key.private, header, claims), nil
}

// oddKeys returns the published key to sign with and, where it is needed, one that nobody published.
func (e *Entra) oddKeys(signing Signing) (key, stranger *signingKey, err error) {
	key = e.ring.signing(signing == SignMSA)
	switch signing {
	case SignStandby:
		if key = e.ring.standby(); key == nil {
			return nil, nil, errors.New("entra: no standby key is published")
		}
	case SignWrongKey, SignUnknownKid, SignEmbedded, SignRemote:
		stranger, err = newSigningKey(strangerPlace, e.now())
	case SignRight, SignMSA, SignNoKid, SignHS256, SignNone, SignTampered:
	default:
		err = fmt.Errorf("entra: unknown way to sign %q", signing)
	}
	return key, stranger, err
}

// tamper exchanges the claims of a token and leaves its signature.
func tamper(token string, claims map[string]any) string {
	t, _ := readJWT(token) // made a moment ago
	changed := make(map[string]any, len(claims))
	replace(changed, claims)
	changed["oid"] = directory.NewID()
	return segment(t.header) + "." + segment(changed) + token[len(t.signed):]
}
