package entra_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/fault"
)

type (
	teamsToken = sandboxentra.TeamsTokenRequest
	members    = map[string]any
)

// said returns a token request with other claims than the usual ones; nil removes one.
func said(claims members) teamsToken { return teamsToken{Claims: claims} }

// headed returns a token request with other header members than the usual ones.
func headed(header members) teamsToken { return teamsToken{Header: header} }

// part returns a change of the text of one part of a token: 0 is the header, 1 the claims, 2 the signature.
func part(n int, change func(string) string) func(string) string {
	return func(token string) string {
		parts := strings.Split(token, ".")
		parts[n] = change(parts[n])
		return "Bearer " + strings.Join(parts, ".")
	}
}

// plain returns a change of a part to other plain text.
func plain(n int, text string) func(string) string {
	return part(n, func(string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) })
}

func repeated(text string, n int) func(string) string {
	return part(1, func(string) string { return strings.Repeat(text, n) })
}

const (
	personal  = "9188040d-6c67-4c5b-b112-36a304b66dad"
	stranger  = "00000000-1111-4222-8333-444444444444"
	teamsApp  = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
	noBearer  = "the Authorization header carries no bearer token"
	noRS256   = "it is not signed with RS256"
	noKeyName = "it names no key"
	badForm   = "it is malformed"
	badIssuer = "its issuer is not that of its tenant"
	badAud    = "it was issued for another application"
	noScope   = "it lacks the scope access_as_user"
	noClient  = "its client application is not allowed"
	notYet    = "it is not valid yet"
	badKey    = "its key is unknown"
	badSign   = "its signature is wrong"
)

// bad is a token, or another header, that must be refused.
type bad struct {
	name    string
	request teamsToken
	change  func(token string) (authorization string) // nil: Bearer and the token
	why     string                                    // the sentence after "not accepted: "
}

// headers are refused for what stands in the header or around the token.
func badHeaders() []bad {
	none := teamsToken{}
	long := func(n int) func(string) string {
		return func(string) string { return "Bearer " + strings.Repeat("a", n) }
	}
	return []bad{
		{"no header", none, func(string) string { return "" }, noBearer},
		{"the scheme alone", none, func(string) string { return "Bearer" }, noBearer},
		{"the scheme and a space", none, func(string) string { return "Bearer " }, noBearer},
		{"the token alone", none, func(s string) string { return s }, noBearer},
		{"Basic", none, func(s string) string { return "Basic " + s }, noBearer},
		{"DPoP", none, func(s string) string { return "DPoP " + s }, noBearer},
		{"Bearer with a colon", none, func(s string) string { return "Bearer: " + s }, noBearer},
		{"a tab for the space", none, func(s string) string { return "Bearer\t" + s }, noBearer},
		{"two spaces", none, func(s string) string { return "Bearer  " + s }, "its header is not base64url"},
		{"a space behind", none, func(s string) string { return "Bearer " + s + " " }, badForm},
		{"two tokens", none, func(s string) string { return "Bearer " + s + "," + s }, "it has not three parts"},
		{"a word", none, func(string) string { return "Bearer nonsense" }, "it has not three parts"},
		{"two segments", none, func(s string) string {
			return "Bearer " + s[:strings.LastIndexByte(s, '.')]
		}, "it has not three parts"},
		{"four segments", none, func(s string) string { return "Bearer " + s + ".AAAA" }, "it has not three parts"},
		{"five segments, as encrypted ones have", none, func(s string) string {
			return "Bearer " + s + ".AAAA.AAAA"
		}, "it has not three parts"},
		{"two dots alone", none, func(string) string { return "Bearer .." }, "its header is not a JSON object"},
		{"17 KiB", none, long(17 << 10), "it is longer than 16 KiB"},
		{"64 KiB", none, long(64 << 10), "it is longer than 16 KiB"},
		{"a genuine one of 64 KiB", said(members{"groups": strings.Repeat("g", 48_000)}), nil,
			"it is longer than 16 KiB"},
		{"a genuine one of 17 KiB", said(members{"groups": strings.Repeat("g", 13_000)}), nil,
			"it is longer than 16 KiB"},
		{"a padded header", none, part(0, func(s string) string { return s + "=" }), "its header is not base64url"},
		{"a header in standard base64", none, part(0, func(string) string { return "+/+/" }),
			"its header is not base64url"},
		{"a header that is no JSON", none, plain(0, "hello"), "its header is not a JSON object"},
		{"a header that is a list", none, plain(0, `["RS256"]`), "its header is not a JSON object"},
		{"a header that is null", none, plain(0, "null"), noRS256},
		{"two headers in one", none, plain(0, `{"alg":"RS256"}{"alg":"none"}`), "its header is not a JSON object"},
		{"alg none", teamsToken{Signing: sandboxentra.SignNone}, nil, noRS256},
		{"alg None", headed(members{"alg": "None"}), nil, noRS256},
		{"alg rs256", headed(members{"alg": "rs256"}), nil, noRS256},
		{"alg PS256", headed(members{"alg": "PS256"}), nil, noRS256},
		{"alg RS512", headed(members{"alg": "RS512"}), nil, noRS256},
		{"alg in a list", headed(members{"alg": []string{"RS256"}}), nil, noRS256},
		{"no alg", headed(members{"alg": nil}), nil, noRS256},
		{"ALG alone", headed(members{"alg": nil, "ALG": "RS256"}), nil, noRS256},
		{"HS256 with the public key", teamsToken{Signing: sandboxentra.SignHS256}, nil, noRS256},
		{"HS256 that says RS256", teamsToken{Signing: sandboxentra.SignHS256, Header: members{"alg": "RS256"}}, nil,
			badSign},
		{"its own key", teamsToken{Signing: sandboxentra.SignEmbedded}, nil, "its header has the member jwk"},
		{"its own key's address", teamsToken{Signing: sandboxentra.SignRemote}, nil, "its header has the member jku"},
		{"JKU in capitals", headed(members{"JKU": "https://keys.example.com"}), nil, "its header has the member jku"},
		{"x5u", headed(members{"x5u": "https://keys.example.com"}), nil, "its header has the member x5u"},
		{"x5c", headed(members{"x5c": []string{"MIIC"}}), nil, "its header has the member x5c"},
		{"crit", headed(members{"crit": []string{"exp"}}), nil, "its header has the member crit"},
		{"an empty crit", headed(members{"crit": []string{}}), nil, "its header has the member crit"},
		{"b64", headed(members{"b64": false}), nil, "its header has the member b64"},
		{"zip", headed(members{"zip": "DEF"}), nil, "its header has the member zip"},
		{"no kid", teamsToken{Signing: sandboxentra.SignNoKid}, nil, noKeyName},
		{"an empty kid", headed(members{"kid": ""}), nil, noKeyName},
		{"a kid that is a number", headed(members{"kid": 1}), nil, noKeyName},
		{"a kid that is a path", headed(members{"kid": "../../dev/null"}), nil, noKeyName},
		{"a kid that is a query", headed(members{"kid": "x' or 'a'='a"}), nil, noKeyName},
		{"a very long kid", headed(members{"kid": strings.Repeat("k", 129)}), nil, noKeyName},
		{"an unknown kid", teamsToken{Signing: sandboxentra.SignUnknownKid}, nil, badKey},
		{"a foreign key under a known kid", teamsToken{Signing: sandboxentra.SignWrongKey}, nil, badSign},
		{"other claims under the signature", teamsToken{Signing: sandboxentra.SignTampered}, nil, badSign},
		{"no signature", none, part(2, func(string) string { return "" }), badSign},
		{"half a signature", none, part(2, func(s string) string { return s[:len(s)/2/4*4] }), badSign},
		{"a padded signature", none, part(2, func(s string) string { return s + "==" }), badForm},
		{"a signature in another spelling", none, part(2, respell), badForm},
		{"claims that are no JSON", none, plain(1, "hello"), badForm},
		{"claims that are a list", none, plain(1, "[]"), badForm},
		{"claims that are no base64", none, repeated("%", 8), badForm},
		{"deeply nested claims", none, plain(1, strings.Repeat(`{"a":`, 2000)), badForm},
	}
}

// respell changes bits of the last character that no byte is made of.
func respell(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last^1])
}

// badClaims are refused for what they say, under a genuine signature.
func badClaims(w *world) []bad {
	now, tenant := w.clock.Now(), w.scene.Contoso.ID
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	v1 := func(claims members) teamsToken { return teamsToken{Version: 1, Claims: claims} }
	return []bad{
		{"expired 5 minutes and 2 seconds ago", said(members{"exp": unix(-5*time.Minute - 2*time.Second)}), nil,
			"it has expired"},
		{"expired a day ago", teamsToken{Lifetime: -24 * time.Hour}, nil, "it has expired"},
		{"no exp", said(members{"exp": nil}), nil, "it never expires"},
		{"exp in words", said(members{"exp": "tomorrow"}), nil, badForm},
		{"exp of 0", said(members{"exp": 0}), nil, "it has expired"},
		{"exp beyond all numbers", said(members{"exp": 1e300}), nil, "it has expired"},
		{"nbf in 5 minutes and 2 seconds", said(members{"nbf": unix(5*time.Minute + 2*time.Second)}), nil, notYet},
		{"iat in 5 minutes and 2 seconds", said(members{"iat": unix(5*time.Minute + 2*time.Second)}), nil, notYet},
		{"no nbf", said(members{"nbf": nil}), nil, "its life has no beginning"},
		{"no iat", said(members{"iat": nil}), nil, "its life has no beginning"},
		{"31 hours of life", said(members{"iat": unix(0), "exp": unix(31 * time.Hour)}), nil,
			"its life is longer than 30 hours"},
		{"years of life", said(members{"exp": unix(20_000 * time.Hour)}), nil, "its life is longer than 30 hours"},
		{"another audience", teamsToken{Audience: stranger}, nil, badAud},
		{"Graph's audience", teamsToken{Audience: "https://graph.microsoft.com"}, nil, badAud},
		{"the URI with a slash", teamsToken{Audience: "api://localhost/" + sandbox.DemoApp + "/"}, nil, badAud},
		{"the URI of another host", teamsToken{Audience: "api://evil.example/" + sandbox.DemoApp}, nil, badAud},
		{"no audience", said(members{"aud": nil}), nil, badAud},
		{"no audience in a list", said(members{"aud": []string{}}), nil, badAud},
		{"three audiences", said(members{"aud": []string{sandbox.DemoApp, stranger, "https://graph.microsoft.com"}}),
			nil, badAud},
		{"two audiences", said(members{"aud": []string{sandbox.DemoApp, stranger}}), nil, badAud},
		{"an audience that is a number", said(members{"aud": 7}), nil, badForm},
		{"the issuer of another tenant", said(members{"iss": w.EntraURL + "/" + w.scene.Fabrikam.ID + "/v2.0"}), nil,
			badIssuer},
		{"the issuer of all tenants", said(members{"iss": w.EntraURL + "/{tenantid}/v2.0"}), nil, badIssuer},
		{"the issuer common", said(members{"iss": w.EntraURL + "/common/v2.0"}), nil, badIssuer},
		{"the issuer with a slash", said(members{"iss": w.EntraURL + "/" + tenant + "/v2.0/"}), nil, badIssuer},
		{"the issuer in capitals", said(members{"iss": strings.ToUpper(w.EntraURL) + "/" + tenant + "/v2.0"}), nil,
			badIssuer},
		{"an issuer elsewhere", said(members{"iss": "https://evil.example/" + tenant + "/v2.0"}), nil, badIssuer},
		{"no issuer", said(members{"iss": nil}), nil, badIssuer},
		{"the tenant of somebody else", said(members{"tid": w.scene.Fabrikam.ID}), nil, badIssuer},
		{"no tenant", said(members{"tid": nil}), nil, "tid is not an id"},
		{"a tenant's name", said(members{"tid": "contoso"}), nil, "tid is not an id"},
		{"a tenant that is a path", said(members{"tid": tenant + "/../x"}), nil, "tid is not an id"},
		{"a tenant and a line", said(members{"tid": tenant + "\n"}), nil, "tid is not an id"},
		{"an organization's token by the key of personal accounts", teamsToken{Signing: sandboxentra.SignMSA}, nil,
			"its key belongs to another issuer"},
		{"a v1 token that says 2.0", v1(members{"ver": "2.0"}), nil, badIssuer},
		{"a v2 token that says 1.0", said(members{"ver": "1.0"}), nil, badIssuer},
		{"a v1 token with the issuer of v2", v1(members{"iss": w.EntraURL + "/" + tenant + "/v2.0"}), nil, badIssuer},
		{"a v2 token with the issuer of v1", said(members{"iss": w.EntraURL + "/" + tenant + "/"}), nil, badIssuer},
		{"a v1 token with azp for appid", v1(members{"appid": nil, "azp": sandboxentra.TeamsWeb}), nil, noClient},
		{"a v2 token with appid for azp", said(members{"azp": nil, "appid": sandboxentra.TeamsWeb}), nil, noClient},
		{"no version", said(members{"ver": nil}), nil, "its version is neither 1.0 nor 2.0"},
		{"version 3.0", said(members{"ver": "3.0"}), nil, "its version is neither 1.0 nor 2.0"},
		{"a version that is a number", said(members{"ver": 2}), nil, badForm},
		{"no scope", said(members{"scp": nil}), nil, noScope},
		{"an empty scope", said(members{"scp": ""}), nil, noScope},
		{"another scope", said(members{"scp": "User.Read openid"}), nil, noScope},
		{"a longer scope", said(members{"scp": "access_as_user2 xaccess_as_user"}), nil, noScope},
		{"the scope in capitals", said(members{"scp": "ACCESS_AS_USER"}), nil, noScope},
		{"scopes in a list", said(members{"scp": []string{"access_as_user"}}), nil, badForm},
		{"an application's token", said(members{"scp": nil, "roles": []string{"access_as_user"}, "idtyp": "app"}), nil,
			noScope},
		{"an application's token with a scope", said(members{"idtyp": "app"}), nil, noScope},
		{"no user", said(members{"oid": nil}), nil, "oid is not an id"},
		{"a user's name", said(members{"oid": "adele"}), nil, "oid is not an id"},
		{"a user that is a number", said(members{"oid": 7}), nil, badForm},
		{"no client", said(members{"azp": nil}), nil, noClient},
		{"a stranger's client", teamsToken{Host: stranger}, nil, noClient},
		{"a stranger's client in v1", teamsToken{Version: 1, Host: stranger}, nil, noClient},
		{"roles in a text", said(members{"roles": "OrganizationAdmin"}), nil, badForm},
		{"directory roles in a text", said(members{"wids": "62e90394-69f5-4237-9190-012177145e10"}), nil, badForm},
		{"directory roles in capitals", said(members{"WIDS": []string{"62e90394-69f5-4237-9190-012177145e10"}}), nil,
			badForm},
		{"a second user in capitals", said(members{"zOID": 1, "OID": stranger}), nil, badForm},
		{"a second tenant in capitals", said(members{"Tid": w.scene.Fabrikam.ID}), nil, badForm},
		{"a scope with a long s", said(members{"scp": nil, "ſcp": "access_as_user"}), nil, badForm},
	}
}

func TestEveryOddTokenIsRefusedForItsReason(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.verifier()
	for _, c := range append(badHeaders(), badClaims(w)...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			token := w.teams(c.request)
			authorization := "Bearer " + token
			if c.change != nil {
				authorization = c.change(token)
			}
			who, err := v.Verify(t.Context(), authorization)
			wantFault(t, err, fault.Unauthorized, "The access token was not accepted: "+c.why+".")
			if !who.Assertion.Empty() || who.User != "" {
				t.Errorf("a caller came with the refusal: %+v", who)
			}
		})
	}
}

func TestAPersonalAccountIsToldToUseAnother(t *testing.T) {
	t.Parallel()
	w := open(t)
	token := w.teams(
		teamsToken{Signing: sandboxentra.SignMSA,
			Claims: members{"tid": personal, "iss": w.EntraURL + "/" + personal + "/v2.0"}})
	_, err := w.verifier().Verify(t.Context(), "Bearer "+token)
	wantFault(t, err, fault.Forbidden,
		"Personal Microsoft accounts cannot use Image Pro: sign in with a work or school account.")
}

func TestEveryGoodTokenNamesItsUser(t *testing.T) {
	t.Parallel()
	w := open(t)
	v, adele := w.verifier(), w.scene.Adele
	unix := func(d time.Duration) int64 { return w.clock.Now().Add(d).Unix() }
	for name, c := range map[string]struct {
		request teamsToken
		scheme  string
	}{
		"v2":                        {teamsToken{}, "Bearer"},
		"v1 for the URI":            {teamsToken{Version: 1}, "Bearer"},
		"v1 for the client id":      {teamsToken{Version: 1, Audience: sandbox.DemoApp}, "Bearer"},
		"v2 for the URI":            {teamsToken{Audience: "api://localhost/" + sandbox.DemoApp}, "Bearer"},
		"one audience in a list":    {said(members{"aud": []string{sandbox.DemoApp}}), "Bearer"},
		"the other published key":   {teamsToken{Signing: sandboxentra.SignStandby}, "Bearer"},
		"v1 with the other key":     {teamsToken{Version: 1, Signing: sandboxentra.SignStandby}, "Bearer"},
		"another client":            {teamsToken{Host: teamsApp}, "Bearer"},
		"a client in capitals":      {teamsToken{Host: strings.ToUpper(teamsApp)}, "Bearer"},
		"bearer in small letters":   {teamsToken{}, "bearer"},
		"expired within the leeway": {said(members{"exp": unix(-4*time.Minute - 50*time.Second)}), "Bearer"},
		"begins within the leeway": {
			said(members{"nbf": unix(4*time.Minute + 50*time.Second), "iat": unix(4*time.Minute + 50*time.Second)}),
			"Bearer"},
		"29 hours of life": {said(members{"iat": unix(-time.Hour), "exp": unix(28 * time.Hour)}), "Bearer"},
		"ids in capitals": {
			said(members{"oid": strings.ToUpper(adele.ID), "tid": strings.ToUpper(adele.Tenant)}), "Bearer"},
		"more scopes": {said(members{"scp": "email access_as_user User.Read"}), "Bearer"},
		"a guest":     {said(members{"idp": "https://sts.windows.net/" + stranger + "/"}), "Bearer"},
		"200 groups": {
			said(members{"groups": strings.Split(strings.TrimSpace(strings.Repeat(stranger+" ", 200)), " ")}),
			"Bearer"},
		"another type":                {headed(members{"typ": "at+jwt"}), "Bearer"},
		"v2 with the optional upn":    {said(members{"upn": adele.UPN}), "Bearer"},
		"a user's token that says so": {said(members{"idtyp": "user"}), "Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := w.teams(c.request)
			who, err := v.Verify(t.Context(), c.scheme+" "+token)
			if err != nil {
				t.Fatal(err)
			}
			if who.Assertion.Reveal() != token {
				t.Error("the assertion is not the token")
			}
			if diff := cmp.Diff([]string{adele.Tenant, adele.ID, adele.UPN, adele.Name},
				[]string{who.Tenant, who.User, who.UPN, who.Name}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRolesOfAdministratorsAreFound(t *testing.T) {
	t.Parallel()
	w := open(t)
	const globalAdmin = "62e90394-69f5-4237-9190-012177145e10"
	v := w.verifier(func(o *entra.VerifierOptions) { o.AdminRoles = []string{globalAdmin, "OrganizationAdmin"} })
	for name, c := range map[string]struct {
		claims members
		admin  bool
	}{
		"none": {members{"wids": nil, "roles": nil}, false},
		"the directory's administrator": {
			members{"wids": []string{"b79fbf4d-3ef9-4689-8143-76b194e85509", globalAdmin}, "roles": nil}, true},
		"every member's role": {
			members{"wids": []string{"b79fbf4d-3ef9-4689-8143-76b194e85509"}, "roles": nil}, false},
		"the app's administrator": {members{"wids": nil, "roles": []string{"OrganizationAdmin"}}, true},
		"another role of the app": {members{"wids": nil, "roles": []string{"organizationadmin", "Reader"}},
			false},
		"an app role that looks like an id": {members{"wids": nil, "roles": []string{globalAdmin}}, false},
		"a directory role that is a word":   {members{"wids": []string{"OrganizationAdmin"}, "roles": nil}, false},
	} {
		who, err := v.Verify(t.Context(), "Bearer "+w.teams(said(c.claims)))
		if err != nil || who.Admin != c.admin {
			t.Errorf("%s: admin %v, %v, want %v", name, who.Admin, err, c.admin)
		}
	}
	if who, err := w.verifier().Verify(t.Context(), "Bearer "+w.teams(teamsToken{})); err != nil || who.Admin {
		t.Errorf("without any roles named: admin %v, %v", who.Admin, err)
	}
}

func TestATenantThatIsNotNamedIsToldSo(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, c := range map[string]struct {
		tenants []string
		open    bool
	}{
		"all":     {nil, true},
		"this":    {[]string{stranger, w.scene.Contoso.ID}, true},
		"another": {[]string{stranger}, false},
	} {
		who, err := w.verifier(func(o *entra.VerifierOptions) {
			o.Tenants = c.tenants
		}).Verify(t.Context(), "Bearer "+w.teams(teamsToken{}))
		if c.open && err != nil || !c.open && (!fault.Is(err, fault.NotSetUp) || who.User != "") {
			t.Errorf("open to %s: %+v, %v", name, who, err)
		}
	}
	_, err := w.verifier(func(o *entra.VerifierOptions) {
		o.Tenants = []string{stranger}
	}).Verify(t.Context(), "Bearer "+w.teams(said(members{"scp": nil})))
	if !fault.Is(err, fault.Unauthorized) {
		t.Errorf("a bad token of another tenant: %v, want Unauthorized", err)
	}
}
