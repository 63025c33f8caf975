package entra

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// identityVersion is the version of the identity endpoint's protocol.
const identityVersion = "2019-08-01"

// identityLifetime is how long a token of a managed identity lives.
const identityLifetime = 24 * time.Hour

// Identity is a managed identity that is assigned to the function app.
type Identity struct {
	Tenant   string // its id
	ClientID string
	ObjectID string // of its service principal (principal id): sub and oid of its tokens
	System   bool   // the app's own: answers requests that name none
}

// PutIdentity assigns an identity to the function app, or replaces the one with the same client id. The app has
// one identity of its own: of several with System, the last is it.
func (e *Entra) PutIdentity(i Identity) {
	i.Tenant, i.ClientID, i.ObjectID = strings.ToLower(i.Tenant), strings.ToLower(i.ClientID),
		strings.ToLower(i.ObjectID)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.identities[i.ClientID] = i
	switch {
	case i.System:
		e.system = i.ClientID
	case e.system == i.ClientID:
		e.system = ""
	}
}

// IdentityHeader returns what a request to the identity endpoint has to carry in X-IDENTITY-HEADER. App Service
// tells it to the app in IDENTITY_HEADER.
func (e *Entra) IdentityHeader() string { return e.identityHeader }

// newIdentityHeader returns 32 random digits in the form of App Service's.
func newIdentityHeader() string {
	return strings.ToUpper(strings.ReplaceAll(directory.NewID(), "-", ""))
}

// ManagedIdentity serves the endpoint that App Service names in IDENTITY_ENDPOINT, for a GET over plain HTTP:
//
//	?resource=&api-version=2019-08-01, at most one of client_id, principal_id, object_id and mi_res_id
//	    -> {"access_token", "expires_on", "resource", "token_type", "client_id"}
//
// A request without the header X-IDENTITY-HEADER is answered with 401, one with a wrong header with 403, one that
// is wrong otherwise with 400, and all of them with {"statusCode", "message"}. No identity has a mi_res_id here.
//
// Sources: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference for the
// protocol; answers that users of the service have published for the texts of unknown identities.
func (e *Entra) ManagedIdentity() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		query := req.URL.Query()
		identity, refused := e.readIdentity(req.Header.Get("X-IDENTITY-HEADER"), query)
		if refused != nil {
			e.options.Log.Debug("entra: identity refused", "status", refused.Status, "message", refused.Message)
			writeJSON(w, req, refused.Status, refused)
			return
		}
		writeJSON(w, req, http.StatusOK, e.identityAnswer(identity, query.Get("resource")))
	})
}

// identityRefusal is an error of the identity endpoint.
type identityRefusal struct {
	Status  int    `json:"statusCode"`
	Message string `json:"message"`
}

// readIdentity checks a request and finds the identity that it is about.
func (e *Entra) readIdentity(header string, query url.Values) (Identity, *identityRefusal) {
	bad := func(message string) (Identity, *identityRefusal) {
		return Identity{}, &identityRefusal{http.StatusBadRequest, message}
	}
	if header == "" {
		return Identity{}, &identityRefusal{http.StatusUnauthorized, "The header X-IDENTITY-HEADER is missing."}
	}
	if subtle.ConstantTimeCompare([]byte(header), []byte(e.identityHeader)) != 1 {
		return Identity{}, &identityRefusal{http.StatusForbidden, "The header X-IDENTITY-HEADER is wrong."}
	}
	if version := query.Get("api-version"); version != identityVersion {
		return bad("The API version '" + version + "' is not supported.")
	}
	resource := query.Get("resource")
	if resource == "" {
		return bad("The parameter resource is missing.")
	}
	identity, problem := e.identity(query)
	if problem != "" {
		return bad(problem)
	}
	if strings.HasSuffix(resource, "/.default") { // a scope: no resource has such a name
		return bad("AADSTS500011: " + refuse(500011, resource, identity.Tenant).text)
	}
	return identity, nil
}

// identity finds the identity that a query names, or the system's. It returns what is wrong if there is none.
func (e *Entra) identity(query url.Values) (Identity, string) {
	named := slices.DeleteFunc([]string{"client_id", "principal_id", "object_id", "mi_res_id"}, func(name string) bool {
		return !query.Has(name)
	})
	if len(named) > 1 {
		return Identity{}, "Only one of the parameters " + strings.Join(named, ", ") + " may be used."
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(named) == 0 {
		if e.system == "" {
			return Identity{}, "Unable to load the proper Managed Identity."
		}
		return e.identities[e.system], ""
	}
	value := strings.ToLower(query.Get(named[0]))
	for _, i := range e.identities {
		ids := map[string]string{"client_id": i.ClientID, "principal_id": i.ObjectID, "object_id": i.ObjectID}
		if id, ok := ids[named[0]]; ok && id == value {
			return i, ""
		}
	}
	return Identity{}, "No User Assigned or Delegated Managed Identity found for specified " +
		"ClientId/ResourceId/PrincipalId."
}

// azureIssuer is the issuer of tokens for Azure's services, which read tokens of version 1; what stands for them on one
// machine knows it by its real name.
const azureIssuer = "https://sts.windows.net/"

// identityAnswer makes a token of an identity for a resource: of version 1 for a service of Azure, of version 2 for an
// application.
func (e *Entra) identityAnswer(i Identity, resource string) map[string]string {
	now := e.now()
	begin, expires := now.Add(-backdate).Unix(), now.Add(identityLifetime).Unix()
	key := e.ring.signing(false)
	claims, version := map[string]any{
		"aud": resource, "iat": begin, "nbf": begin, "exp": expires, "aio": segment(mark{Salt: opaque(8)}),
		"idtyp": "app",
		"oid":   i.ObjectID, "sub": i.ObjectID, "tid": i.Tenant, "rh": "1." + opaque(40), "uti": opaque(16),
	}, 2
	if strings.HasPrefix(resource, "https://") {
		version = 1
		claims["iss"], claims["appid"], claims["appidacr"], claims["ver"] = azureIssuer+i.Tenant+"/", i.ClientID, "2",
			"1.0"
	} else {
		claims["iss"], claims["azp"], claims["azpacr"], claims["ver"] = e.issuer(2, i.Tenant), i.ClientID, "2", "2.0"
	}
	token := signRS256(key.private, plainHeader(key, version), claims)
	return map[string]string{
		"access_token": token,
		"expires_on":   strconv.FormatInt(expires, 10),
		"resource":     resource,
		"token_type":   "Bearer",
		"client_id":    i.ClientID,
	}
}
