package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// backdate is how far before now tokens begin, as the service does for the sake of clocks that are late.
const backdate = 5 * time.Minute

// memberRole is the template id of the role that every member of a tenant has.
const memberRole = "b79fbf4d-3ef9-4689-8143-76b194e85509"

// issue builds the answer of a grant for a user.
func (e *Entra) issue(r *tokenRequest, s subject, a *ask, nonce string) map[string]any {
	lifetime := e.lifetime(r.continuous)
	answer := map[string]any{
		"token_type":     "Bearer",
		"scope":          strings.Join(a.echo, " "),
		"expires_in":     int(lifetime.Seconds()),
		"ext_expires_in": int(lifetime.Seconds()),
		"access_token":   e.accessToken(r, s, a, lifetime),
	}
	if a.offline {
		answer["refresh_token"] = e.keep(r, s, a)
	}
	if a.has("openid") {
		answer["id_token"] = e.idToken(r, s.user, a, nonce)
	}
	if r.form.Get("client_info") == "1" {
		answer["client_info"] = segment(map[string]any{"uid": s.user.ID, "utid": s.user.Tenant})
	}
	return answer
}

// accessToken makes a token for Graph or for the API of an app.
func (e *Entra) accessToken(r *tokenRequest, s subject, a *ask, lifetime time.Duration) string {
	if a.app != "" {
		api, _ := e.App(a.app)
		claims := e.apiClaims(api, r.app.ID, r.acr, s, lifetime)
		claims["scp"] = a.scp()
		if api.TokenVersion != 2 {
			claims["aud"] = a.resource
		}
		key := e.ring.signing(false)
		return signRS256(key.private, plainHeader(key, api.TokenVersion), claims)
	}
	claims := e.v1Claims(s, r.app, r.acr, lifetime)
	claims["aud"] = graphURI
	claims["scp"] = a.scp()
	claims["app_displayname"] = r.app.Name
	claims["idtyp"] = "user"
	claims["platf"] = "3"
	claims["wids"] = directoryRoles(s.user)
	if r.continuous {
		claims["xms_cc"] = []string{"CP1"}
	}
	return e.signGraph(claims)
}

// appToken makes a token for Graph without a user.
func (e *Entra) appToken(r *tokenRequest, lifetime time.Duration) string {
	now := r.now.Add(-backdate).Unix()
	claims := map[string]any{
		"aud": graphURI, "iss": e.issuer(1, r.place.id), "iat": now, "nbf": now, "exp": r.now.Add(lifetime).Unix(),
		"aio": segment(mark{Salt: opaque(8)}), "app_displayname": r.app.Name, "appid": r.app.ID, "appidacr": r.acr,
		"idp": e.issuer(1, r.place.id), "idtyp": "app", "oid": r.app.ID, "sub": r.app.ID, "tid": r.place.id,
		"uti": opaque(16), "ver": "1.0",
	}
	if len(r.app.Roles) > 0 {
		claims["roles"] = r.app.Roles
	}
	return e.signGraph(claims)
}

// signGraph signs a token the way that Graph's are: the header carries a nonce, but the signature is over a
// header with the nonce's SHA-256, so that only Graph can check it.
func (e *Entra) signGraph(claims map[string]any) string {
	key := e.ring.signing(false)
	header := plainHeader(key, 1)
	nonce := opaque(32)
	body := segment(claims)
	header["nonce"] = hashNonce(nonce)
	signature := rawRS256(key.private, segment(header)+"."+body)
	header["nonce"] = nonce
	return segment(header) + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func hashNonce(nonce string) string {
	sum := sha256.Sum256([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// plainHeader is the header of a token of a version; x5t comes with version 1 alone.
func plainHeader(key *signingKey, version int) map[string]any {
	header := map[string]any{"typ": "JWT", "alg": "RS256", "kid": key.id}
	if version != 2 {
		header["x5t"] = key.id
	}
	return header
}

// apiClaims are the claims of a token for an app's API, in the version that the app is registered for,
// without scp. azp is the client.
func (e *Entra) apiClaims(api App, azp, acr string, s subject, lifetime time.Duration) map[string]any {
	if api.TokenVersion != 2 {
		client, ok := e.App(azp)
		if !ok {
			client = App{ID: azp}
		}
		claims := e.v1Claims(s, client, acr, lifetime)
		claims["sub"] = pairwise(s.user.Tenant, s.user.ID, api.ID)
		claims["aud"] = api.ID
		addRoles(claims, api, s.user)
		return claims
	}
	claims := e.common(s, lifetime)
	claims["iss"] = e.issuer(2, s.user.Tenant)
	claims["aud"] = api.ID
	claims["azp"], claims["azpacr"] = azp, acr
	claims["preferred_username"] = s.user.UPN
	claims["sub"] = pairwise(s.user.Tenant, s.user.ID, api.ID)
	claims["ver"] = "2.0"
	addRoles(claims, api, s.user)
	return claims
}

// addRoles adds what the user is allowed to do to a token for an app's API: the directory roles if the
// registration asks for them, and the app roles if there are any.
func addRoles(claims map[string]any, api App, user directory.User) {
	if api.wantsRoles() {
		claims["wids"] = directoryRoles(user)
	}
	if roles := user.AppRoles[api.ID]; len(roles) > 0 {
		claims["roles"] = roles
	}
}

// directoryRoles is the wids claim.
func directoryRoles(user directory.User) []string {
	return append(slices.Clone(user.DirectoryRoles), memberRole)
}

// v1Claims are the claims of version 1 without aud and scp.
func (e *Entra) v1Claims(s subject, client App, acr string, lifetime time.Duration) map[string]any {
	claims := e.common(s, lifetime)
	methods := []string{"pwd"}
	if s.strong {
		methods = append(methods, "mfa")
	}
	given, family, _ := strings.Cut(s.user.Name, " ")
	claims["iss"] = e.issuer(1, s.user.Tenant)
	claims["acr"], claims["amr"] = "1", methods
	claims["appid"], claims["appidacr"] = client.ID, acr
	claims["given_name"], claims["family_name"] = given, family
	claims["ipaddr"] = "203.0.113.7"
	claims["upn"], claims["unique_name"] = s.user.UPN, s.user.UPN
	claims["sub"] = pairwise(s.user.Tenant, s.user.ID, client.ID)
	claims["ver"] = "1.0"
	return claims
}

// common are the claims of both versions.
func (e *Entra) common(s subject, lifetime time.Duration) map[string]any {
	now := e.now()
	begin := now.Add(-backdate).Unix()
	g := e.generation(s.user.Tenant, s.user.ID)
	return map[string]any{
		"iat": begin, "nbf": begin, "exp": now.Add(lifetime).Unix(),
		"aio":  segment(mark{Sessions: s.seen, Tokens: g.tokens, Strong: s.strong, Salt: opaque(8)}),
		"name": s.user.Name, "oid": s.user.ID, "tid": s.user.Tenant,
		"rh": "1." + opaque(40), "uti": opaque(16),
	}
}

// idToken makes the token that tells the client who signed in.
func (e *Entra) idToken(r *tokenRequest, user directory.User, a *ask, nonce string) string {
	claims := map[string]any{
		"aud": r.app.ID, "iss": e.issuer(2, user.Tenant),
		"iat": r.now.Unix(), "nbf": r.now.Unix(), "exp": r.now.Add(time.Hour).Unix(),
		"oid": user.ID, "tid": user.Tenant, "sub": pairwise(user.Tenant, user.ID, r.app.ID),
		"rh": "1." + opaque(40), "uti": opaque(16), "ver": "2.0",
	}
	if a.has("profile") {
		claims["name"], claims["preferred_username"] = user.Name, user.UPN
	}
	if a.has("email") && user.Mail != "" {
		claims["email"] = user.Mail
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	key := e.ring.signing(false)
	return signRS256(key.private, plainHeader(key, 2), claims)
}
