package entra

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// App is the registration of an application.
type App struct {
	ID           string // client id: GUID
	Name         string
	Home         string // tenant that the registration belongs to; may be empty
	SingleTenant bool   // only Home may use it
	Public       bool   // has no credential
	Disabled     bool
	Secrets      []Secret
	Certificates []*x509.Certificate // RSA, for private_key_jwt
	Federated    []Federated
	URIs         []string // application ID URIs such as "api://localhost/<client id>"
	RedirectURIs []string
	// SPARedirectURIs are those of the kind single-page application: their codes are redeemed by scripts in browsers,
	// without a credential, and by nobody else.
	SPARedirectURIs []string
	// Scopes are the delegated permissions that the registration lists: names of Graph ("User.Read"), or of
	// another API with its URI ("api://other/read"). Consent for ".default" is for all of them.
	Scopes []string
	Roles  []string // application permissions of Graph, for client_credentials
	// Exposed are the scopes of its own API; empty means "access_as_user".
	Exposed []string
	// TokenVersion is requestedAccessTokenVersion: 2, or 1 for everything else.
	TokenVersion int
	// GroupClaims is groupMembershipClaims: "All" and "DirectoryRole" put the users' directory roles into tokens
	// for the app's API; empty, "None", "SecurityGroup" and "ApplicationGroup" do not. The directory has no groups.
	GroupClaims string
}

// Secret is a client secret. A zero Expires is never reached.
type Secret struct {
	Value   string
	Expires time.Time
}

// Federated is trust in another issuer's tokens instead of a secret.
type Federated struct {
	Issuer, Subject string
	Audience        string                    // empty: api://AzureADTokenExchange
	Keys            map[string]*rsa.PublicKey // by kid; empty: this Entra's own keys
}

func (f Federated) audience() string {
	if f.Audience == "" {
		return "api://AzureADTokenExchange"
	}
	return f.Audience
}

// wantsRoles reports whether tokens for the app's API carry directory roles.
func (a App) wantsRoles() bool { return a.GroupClaims == "All" || a.GroupClaims == "DirectoryRole" }

func (a App) exposed() []string {
	if len(a.Exposed) == 0 {
		return []string{"access_as_user"}
	}
	return a.Exposed
}

// is reports whether a resource of a scope or an audience names this app. Like the service, it does not
// forgive another case in URIs.
func (a App) is(resource string) bool {
	return strings.EqualFold(resource, a.ID) || slices.Contains(a.URIs, resource)
}

// allows reports whether a redirect URI is registered. The port of http://localhost is free, as RFC 8252
// (7.3) has it.
func (a App) allows(redirect string) bool {
	asked, err := url.Parse(redirect)
	if err != nil || asked.Fragment != "" {
		return false
	}
	for _, registered := range slices.Concat(a.RedirectURIs, a.SPARedirectURIs) {
		if registered == redirect {
			return true
		}
		known, err := url.Parse(registered)
		if err == nil && known.Scheme == "http" && asked.Scheme == "http" &&
			known.Hostname() == "localhost" && asked.Hostname() == "localhost" &&
			strings.TrimSuffix(known.Path, "/") == strings.TrimSuffix(asked.Path, "/") &&
			known.RawQuery == asked.RawQuery {
			return true
		}
	}
	return false
}

// PutApp adds or replaces a registration. It refuses one without a client id in the form of a GUID, and one
// with GroupClaims that the service does not know.
func (e *Entra) PutApp(app App) error {
	if !guidForm.MatchString(app.ID) {
		return errors.New("entra: the client id of an app must be a GUID")
	}
	if !slices.Contains([]string{"", "None", "SecurityGroup", "ApplicationGroup", "DirectoryRole", "All"},
		app.GroupClaims) {
		return fmt.Errorf("entra: there are no groupMembershipClaims %q", app.GroupClaims)
	}
	app.ID, app.Home = strings.ToLower(app.ID), strings.ToLower(app.Home)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.apps[app.ID] = app
	return nil
}

// App finds a registration by its client id.
func (e *Entra) App(id string) (App, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	app, ok := e.apps[strings.ToLower(id)]
	return app, ok
}

// Apps returns all registrations, sorted by client id.
func (e *Entra) Apps() []App {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]App, 0, len(e.apps))
	for _, app := range e.apps {
		all = append(all, app)
	}
	slices.SortFunc(all, func(a, b App) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// resourceApp finds the app whose API a resource of a scope names.
func (e *Entra) resourceApp(resource string) (App, bool) {
	for _, app := range e.Apps() {
		if app.is(resource) {
			return app, true
		}
	}
	return App{}, false
}

// consent is a permission that a user (or, with user "", an administrator for everybody) gave to an app.
type consent struct {
	tenant, user, app, scope string // scope: in lower case, of Graph without the URI
}

// Consent gives scopes to an app: for one user (an object id), or for everybody in the tenant (its id) if
// user is "". The app is installed in the tenant with it, as in the service. It counts at once.
func (e *Entra) Consent(tenant, user, app string, scopes ...string) {
	e.consent(e.now(), tenant, user, app, scopes...)
}

func (e *Entra) consent(since time.Time, tenant, user, app string, scopes ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	tenant, user, app = strings.ToLower(tenant), strings.ToLower(user), strings.ToLower(app)
	e.installed[[2]string{tenant, app}] = true
	for _, scope := range scopes {
		key := consent{tenant, user, app, consentName(scope)}
		if old, ok := e.consents[key]; !ok || old.After(since) {
			e.consents[key] = since
		}
	}
}

// RemoveConsent takes scopes away again, or all of them if none is named. With user "" it removes what the
// administrator gave; a user's own consent stays.
func (e *Entra) RemoveConsent(tenant, user, app string, scopes ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for _, scope := range scopes {
		names = append(names, consentName(scope))
	}
	for key := range e.consents {
		if key.tenant == strings.ToLower(tenant) && key.user == strings.ToLower(user) &&
			key.app == strings.ToLower(app) &&
			(len(names) == 0 || slices.Contains(names, key.scope)) {
			delete(e.consents, key)
		}
	}
}

// Uninstall removes an app from a tenant with all consents. Tokens for it are refused with 700016 until
// somebody consents again.
func (e *Entra) Uninstall(tenant, app string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	tenant, app = strings.ToLower(tenant), strings.ToLower(app)
	e.installed[[2]string{tenant, app}] = false
	for key := range e.consents {
		if key.tenant == tenant && key.app == app {
			delete(e.consents, key)
		}
	}
}

// isInstalled reports whether the tenant knows the app: it is at home there, or somebody consented.
func (e *Entra) isInstalled(tenant string, app App) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	installed, known := e.installed[[2]string{tenant, app.ID}]
	if known {
		return installed
	}
	return app.Home == tenant
}

// consented returns which of the app's scopes the user may have there: the names of all consents that count
// at a time.
func (e *Entra) consented(at time.Time, tenant, user, app string) map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	given := map[string]bool{}
	for key, since := range e.consents {
		if key.tenant == tenant && key.app == app && (key.user == "" || key.user == user) && !since.After(at) {
			given[key.scope] = true
		}
	}
	return given
}

// consentName is the name that a consent is kept under.
func consentName(scope string) string {
	lower := strings.ToLower(scope)
	for _, prefix := range graphPrefixes {
		lower = strings.TrimPrefix(lower, prefix)
	}
	return lower
}
