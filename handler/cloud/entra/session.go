package entra

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/secret"
)

const (
	sessionEnded   = "Your session has ended. Open Image Pro again to go on."
	sessionUseless = "Your session cannot be used any more. Open Image Pro again to go on."
)

// fromSession returns a token for a user who is away. The sealed refresh token is put into a cache of MSAL's
// that lives for this call (MSAL cannot persist on-behalf-of tokens itself, its issue 455); the refresh
// token that comes back replaces the one that was read. A session that is dead is parked until the user's next
// visit: nobody asks Entra with it again.
func (t *Tokens) fromSession(ctx context.Context, who caller.Caller, claims string) (graphToken, error) {
	session, err := t.options.Sessions.Session(ctx, who.Tenant, who.User)
	if fault.Is(err, fault.NotFound) {
		return graphToken{}, fault.New(fault.SignIn, sessionEnded, err)
	}
	if err != nil {
		return graphToken{}, err
	}
	if session.State == org.SessionParked {
		return graphToken{}, fault.New(fault.Kind(session.Reason), sessionEnded, nil)
	}
	if !t.options.Sealer.Has(session.KeyID) {
		// A newer process may have the key; and if none has, the user's next visit leaves another session.
		return graphToken{},
			fault.New(fault.SignIn, sessionUseless, errors.New("entra: the session's key is not in the ring"))
	}
	refresh, err := t.options.Sealer.Open(session.KeyID, session.Sealed, who.Tenant, who.User)
	if err != nil {
		return graphToken{}, t.park(ctx, session, fault.New(fault.SignIn, sessionUseless, err))
	}
	result, renewed, err := t.refresh(ctx, who, refresh, claims)
	if err != nil {
		return graphToken{}, t.park(ctx, session, err)
	}
	if err := t.renew(ctx, session, who, renewed); err != nil {
		return graphToken{}, err
	}
	return graphToken{text: secret.New(result.AccessToken), expires: result.ExpiresOn}, nil
}

// park keeps a session for the user's next visit if the refusal says that only the user can mend it. It
// returns the refusal, or Busy if somebody replaced the session meanwhile, which may be good.
func (t *Tokens) park(ctx context.Context, session org.Session, refusal error) error {
	f := fault.From(refusal)
	if !f.Kind.NeedsUser() {
		return refusal
	}
	session.State, session.Reason, session.ParkedAt = org.SessionParked, string(f.Kind), t.options.Now().UTC()
	session.KeyID, session.Sealed = "", nil // of no more use to anybody
	err := t.options.Sessions.RenewSession(ctx, session)
	switch {
	case fault.Is(err, fault.Conflict):
		return fault.New(fault.Busy, "Your session was just renewed.", refusal)
	case err != nil:
		return err
	}
	return refusal
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

// Usable reports whether the session is not parked and its key is in the ring.
func (t *Tokens) Usable(session org.Session) bool {
	return session.State == org.SessionReady && t.options.Sealer.Has(session.KeyID)
}

// Reseal returns the session sealed with the ring's first key, and whether that changed anything. One that its
// key does not open is parked; one whose key is not in the ring stays as it is.
func (t *Tokens) Reseal(session org.Session) (org.Session, bool) {
	if !t.Usable(session) || session.KeyID == t.options.Sealer.Current() {
		return session, false
	}
	refresh, err := t.options.Sealer.Open(session.KeyID, session.Sealed, session.Tenant, session.User)
	if err != nil {
		session.State, session.Reason, session.ParkedAt = org.SessionParked, string(fault.SignIn), t.options.Now().UTC()
		session.KeyID, session.Sealed = "", nil
		return session, true
	}
	session.KeyID, session.Sealed = t.options.Sealer.Seal(refresh, session.Tenant, session.User)
	return session, true
}

func (t *Tokens) refresh(
	ctx context.Context, who caller.Caller, token secret.Text, claims string,
) (confidential.AuthResult, *sink, error) {
	var renewed sink
	client, err := t.newClient(confidential.WithCache(t.seed(who, token)))
	if err != nil {
		return confidential.AuthResult{}, nil, err
	}
	ctx = renewed.in(ctx)
	account, err := client.Account(ctx, homeAccount(who))
	if err != nil {
		return confidential.AuthResult{}, nil, t.faultOf(err, who, t.options.Scopes)
	}
	options := []confidential.AcquireSilentOption{confidential.WithSilentAccount(account),
		confidential.WithTenantID(who.Tenant)}
	if claims != "" { // MSAL refuses WithClaims here; there is no access token in the seeded cache to be bypassed
		options = append(options, confidential.WithClaimsFromClient(claims))
	}
	result, err := client.AcquireTokenSilent(ctx, t.qualified(t.options.Scopes), options...)
	if err != nil {
		return confidential.AuthResult{}, nil, t.faultOf(err, who, t.options.Scopes)
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
