package entra

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// VerifierOptions says which tokens are good.
type VerifierOptions struct {
	Authority   string   // https address of Entra ID, without path: issues v2 tokens
	AuthorityV1 string   // issues v1 tokens
	AppID       string   // client id of this application
	AppIDURI    string   // api://<domain>/<app id>
	ClientApps  []string // client ids that may call
	Tenants     []string // tenants whose users may call; empty for all
	AdminRoles  []string // template ids of directory roles (wids) and values of app roles (roles) of administrators
	Client      *http.Client
	Meter       Meter // nil: nothing is measured
	Now         func() time.Time
}

// Verifier checks the tokens that users' clients send.
type Verifier struct {
	options VerifierOptions
	v1, v2  *keySet
	parser  *jwt.Parser
}

const (
	maxTokenBytes   = 16 << 10
	maxTokenLife    = 30 * time.Hour // tokens with continuous access evaluation live up to 28 h
	clockSkew       = 5 * time.Minute
	personalTenant  = "9188040d-6c67-4c5b-b112-36a304b66dad" // personal Microsoft accounts: no SharePoint
	requiredScope   = "access_as_user"
	tenantInIssuer  = "{tenantid}"
	signatureMethod = "RS256"
)

// NewVerifier returns a verifier. It fetches nothing yet; Prefetch does.
func NewVerifier(o VerifierOptions) *Verifier {
	keys := func(path string) *keySet {
		return &keySet{url: o.Authority + path, client: o.Client, now: o.Now}
	}
	return &Verifier{
		options: o,
		v1:      keys("/common/discovery/keys"),
		v2:      keys("/common/discovery/v2.0/keys"),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{signatureMethod}),
			jwt.WithStrictDecoding(),
			jwt.WithLeeway(clockSkew),
			jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(),
			jwt.WithTimeFunc(o.Now),
		),
	}
}

// Prefetch fetches the signing keys, so that the first request need not wait for them.
func (v *Verifier) Prefetch(ctx context.Context) {
	v1, v2 := v.v1.refresh(ctx, ""), v.v2.refresh(ctx, "")
	<-v1
	<-v2
}

// claims are what a token says; v1 and v2 tokens name the client application differently.
type claims struct {
	jwt.RegisteredClaims
	Version           string `json:"ver"`
	Tenant            string `json:"tid"`
	Object            string `json:"oid"`
	AuthorizedParty   string `json:"azp"`   // v2
	AppID             string `json:"appid"` // v1
	Scopes            string `json:"scp"`
	IDType            string `json:"idtyp"`
	Name              string `json:"name"`
	PreferredUsername string `json:"preferred_username"` // v2
	UPN               string `json:"upn"`                // v1; v2 if the registration asks for it

	DirectoryRoles []string `json:"wids"`  // template ids
	AppRoles       []string `json:"roles"` // values
}

// UnmarshalJSON refuses claims whose names are ours but for their case: encoding/json takes "OID" for oid,
// and of two it takes the later one.
func (c *claims) UnmarshalJSON(raw []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	ours := []string{
		"iss", "aud", "exp", "nbf", "iat", "ver", "tid", "oid", "azp", "appid", "scp", "idtyp", "name",
		"preferred_username", "upn", "wids", "roles",
	}
	for name := range members {
		for _, our := range ours {
			if name != our && strings.EqualFold(name, our) {
				return errors.New("a claim that differs from " + our + " in case alone")
			}
		}
	}
	type plain claims
	return json.Unmarshal(raw, (*plain)(c))
}

// Verify checks the value of an Authorization header and returns who it stands for. Whatever is wrong with
// it is an Unauthorized fault; a good token of a personal account is Forbidden, one of a tenant that may not use
// the program NotSetUp; Busy if the signing keys cannot be had. The order of the checks follows
// https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens.
func (v *Verifier) Verify(ctx context.Context, authorization string) (caller.Caller, error) {
	who, err := v.verify(ctx, authorization)
	if err != nil && v.options.Meter != nil {
		v.options.Meter.TokenRefused(ctx, "caller", string(fault.From(err).Kind))
	}
	return who, err
}

func (v *Verifier) verify(ctx context.Context, authorization string) (caller.Caller, error) {
	scheme, token, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return caller.Caller{}, refuse("the Authorization header carries no bearer token")
	}
	if len(token) > maxTokenBytes {
		return caller.Caller{}, refuse("it is longer than 16 KiB")
	}
	if err := checkHeader(token); err != nil {
		return caller.Caller{}, err
	}
	var c claims
	var key signingKey
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		var err error
		key, err = v.keys(c.Version).find(ctx, t.Header["kid"].(string))
		return key.public, err
	})
	if fault.Is(err, fault.Busy) {
		return caller.Caller{}, fault.From(err)
	}
	if err != nil {
		return caller.Caller{}, refuse(reason(err))
	}
	if err := v.check(&c, key); err != nil {
		return caller.Caller{}, err
	}
	return caller.Caller{
		Tenant:    c.Tenant,
		User:      c.Object,
		UPN:       cmp.Or(c.PreferredUsername, c.UPN),
		Name:      c.Name,
		Admin:     v.admin(&c),
		Assertion: secret.New(token),
	}, nil
}

func (v *Verifier) keys(version string) *keySet {
	if version == "1.0" {
		return v.v1
	}
	return v.v2
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9_.=-]{1,128}$`)

// checkHeader looks at the header before anything is believed: one algorithm, a key id, and none of the
// members with which a token would name its own key.
func checkHeader(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return refuse("it has not three parts")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return refuse("its header is not base64url")
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(raw, &header); err != nil {
		return refuse("its header is not a JSON object")
	}
	for name := range header {
		if slices.Contains([]string{"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"}, strings.ToLower(name)) {
			return refuse("its header has the member " + strings.ToLower(name))
		}
	}
	var alg, kid string
	if json.Unmarshal(header["alg"], &alg) != nil || alg != signatureMethod {
		return refuse("it is not signed with RS256")
	}
	if json.Unmarshal(header["kid"], &kid) != nil || !keyID.MatchString(kid) {
		return refuse("it names no key")
	}
	return nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// check is all that the signature and the times do not show.
func (v *Verifier) check(c *claims, key signingKey) error {
	c.Tenant, c.Object = strings.ToLower(c.Tenant), strings.ToLower(c.Object)
	if !guid.MatchString(c.Tenant) {
		return refuse("tid is not an id")
	}
	if c.Tenant == personalTenant {
		return fault.New(fault.Forbidden,
			"Personal Microsoft accounts cannot use Image Pro: sign in with a work or school account.", nil)
	}
	issuer, err := v.issuer(c)
	if err != nil {
		return err
	}
	if strings.ReplaceAll(key.issuer, tenantInIssuer, c.Tenant) != issuer {
		return refuse("its key belongs to another issuer")
	}
	if len(c.Audience) != 1 || c.Audience[0] != v.options.AppID && c.Audience[0] != v.options.AppIDURI {
		return refuse("it was issued for another application")
	}
	if c.IssuedAt == nil || c.NotBefore == nil {
		return refuse("its life has no beginning")
	}
	if c.ExpiresAt.Sub(c.IssuedAt.Time) > maxTokenLife {
		return refuse("its life is longer than 30 hours")
	}
	if c.IDType == "app" || !slices.Contains(strings.Fields(c.Scopes), requiredScope) {
		return refuse("it lacks the scope " + requiredScope)
	}
	if !guid.MatchString(c.Object) {
		return refuse("oid is not an id")
	}
	if !slices.Contains(v.options.ClientApps, strings.ToLower(c.client())) {
		return refuse("its client application is not allowed")
	}
	if len(v.options.Tenants) > 0 && !slices.Contains(v.options.Tenants, c.Tenant) {
		return fault.New(fault.NotSetUp, "Image Pro is not open to your organization.", nil)
	}
	return nil
}

// admin reports whether the token names a role of an administrator. Template ids of directory roles are ids, so
// no app role can be taken for one.
func (v *Verifier) admin(c *claims) bool {
	return slices.ContainsFunc(v.options.AdminRoles, func(role string) bool {
		if guid.MatchString(role) {
			return slices.Contains(c.DirectoryRoles, role)
		}
		return slices.Contains(c.AppRoles, role)
	})
}

// issuer returns the token's issuer if it is the one that its version and tenant must have.
func (v *Verifier) issuer(c *claims) (string, error) {
	want := ""
	switch c.Version {
	case "2.0":
		want = v.options.Authority + "/" + c.Tenant + "/v2.0"
	case "1.0":
		want = v.options.AuthorityV1 + "/" + c.Tenant + "/"
	default:
		return "", refuse("its version is neither 1.0 nor 2.0")
	}
	if c.Issuer != want {
		return "", refuse("its issuer is not that of its tenant")
	}
	return want, nil
}

func (c *claims) client() string {
	if c.Version == "1.0" {
		return c.AppID
	}
	return c.AuthorizedParty
}

// refuse returns the fault for a token that is not good. The reason names a rule, never the token's content.
func refuse(reason string) *fault.Fault {
	return fault.New(fault.Unauthorized, "The access token was not accepted: "+reason+".", nil)
}

// reason puts the library's verdict in words.
func reason(err error) string {
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		return "its key is unknown"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return "its signature is wrong"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "it has expired"
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return "it is not valid yet"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "it never expires"
	default:
		return "it is malformed"
	}
}
