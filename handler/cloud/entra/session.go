package entra

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

// fromSession returns a token for a user who is away. The sealed refresh token is put into a cache of MSAL's
// that lives for this call (MSAL cannot persist on-behalf-of tokens itself, its issue 455); the refresh
// token that comes back replaces the one that was read.
func (t *Tokens) fromSession(ctx context.Context, who caller.Caller, claims string) (secret.Text, error) {
	if token, err, ok := t.remembered(who); ok && claims == "" {
		return token, err
	}
	session, err := t.options.Sessions.Session(ctx, who.Tenant, who.User)
	if fault.Is(err, fault.NotFound) {
		return secret.Text{}, fault.New(fault.SignIn, "Your session has ended. Open Image Pro again to go on.", err)
	}
	if err != nil {
		return secret.Text{}, err
	}
	refresh, err := t.options.Sealer.Open(who.Tenant, who.User, session.KeyID, session.Sealed)
	if err != nil {
		return secret.Text{}, fault.New(fault.SignIn, "Your session cannot be used any more. Open Image Pro again to go on.", err)
	}
	result, renewed, err := t.refresh(ctx, who, refresh, claims)
	if err != nil {
		t.rememberRefusal(who, err)
		return secret.Text{}, err
	}
	if err := t.renew(ctx, session, who, renewed); err != nil {
		return secret.Text{}, err
	}
	token := graphToken{text: secret.New(result.AccessToken), until: result.ExpiresOn.Add(-tokenMargin)}
	t.away.Add(awayKey(who), token)
	return token.text, nil
}

func awayKey(who caller.Caller) string { return who.Tenant + "|" + who.User }

// remembered returns the token, or the refusal, that a user who is away was given lately.
func (t *Tokens) remembered(who caller.Caller) (token secret.Text, refused error, ok bool) {
	have, ok := t.away.Get(awayKey(who))
	if !ok || !t.options.Now().Before(have.until) {
		return secret.Text{}, nil, false
	}
	return have.text, have.refused, true
}

// rememberRefusal keeps a dead session's refusal for a moment, since every image of a job asks for a token. A
// sign-in forgets it.
func (t *Tokens) rememberRefusal(who caller.Caller, err error) {
	switch fault.From(err).Kind {
	case fault.SignIn, fault.Consent, fault.Forbidden:
		t.away.Add(awayKey(who), graphToken{refused: err, until: t.options.Now().Add(refusalLife)})
	}
}

// renew stores the refresh token that replaced the one that was read. A lost race is fine: another worker or
// a sign-in stored a newer one, and Entra does not revoke the old one on use
// (https://learn.microsoft.com/entra/identity-platform/refresh-tokens).
func (t *Tokens) renew(ctx context.Context, read org.Session, who caller.Caller, renewed *sink) error {
	token, ok := renewed.token()
	if !ok {
		return nil
	}
	session := t.seal(who, token)
	session.Version = read.Version
	err := t.options.Sessions.RenewSession(ctx, session)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func (t *Tokens) refresh(ctx context.Context, who caller.Caller, token secret.Text, claims string) (confidential.AuthResult, *sink, error) {
	var renewed sink
	client, err := t.newClient(confidential.WithCache(t.seed(who, token)))
	if err != nil {
		return confidential.AuthResult{}, nil, err
	}
	ctx = renewed.in(ctx)
	account, err := client.Account(ctx, homeAccount(who))
	if err != nil {
		return confidential.AuthResult{}, nil, t.faultOf(err)
	}
	options := []confidential.AcquireSilentOption{confidential.WithSilentAccount(account), confidential.WithTenantID(who.Tenant)}
	if claims != "" { // MSAL refuses WithClaims here; there is no access token in the seeded cache to be bypassed
		options = append(options, confidential.WithClaimsFromClient(claims))
	}
	result, err := client.AcquireTokenSilent(ctx, t.options.Scopes, options...)
	if err != nil {
		return confidential.AuthResult{}, nil, t.faultOf(err)
	}
	return result, &renewed, nil
}

// seeded is a cache of MSAL's that starts with one refresh token and is never written back.
type seeded []byte

var _ cache.ExportReplace = seeded(nil)

func (s seeded) Replace(_ context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	return into.Unmarshal(s)
}

func (s seeded) Export(context.Context, cache.Marshaler, cache.ExportHints) error { return nil }

// seed writes the refresh token in MSAL's unified cache schema, under the key that MSAL itself would use.
func (t *Tokens) seed(who caller.Caller, token secret.Text) seeded {
	home, environment := homeAccount(who), t.host
	type record map[string]string
	contract := map[string]map[string]record{
		"RefreshToken": {strings.ToLower(home + "-" + environment + "-refreshtoken-" + t.options.AppID): {
			"home_account_id": home, "environment": environment, "credential_type": "RefreshToken",
			"client_id": t.options.AppID, "secret": token.Reveal(),
		}},
		"Account": {"account": {
			"home_account_id": home, "environment": environment, "realm": who.Tenant,
			"local_account_id": who.User, "username": who.User, "authority_type": "MSSTS",
		}},
		"AppMetadata": {"app": {"client_id": t.options.AppID, "environment": environment}},
	}
	text, _ := json.Marshal(contract) // maps of strings always marshal
	return text
}

func homeAccount(who caller.Caller) string { return who.User + "." + who.Tenant }

func assertionHash(assertion secret.Text) string {
	if assertion.Empty() {
		return ""
	}
	sum := sha256.Sum256([]byte(assertion.Reveal()))
	return hex.EncodeToString(sum[:])
}
