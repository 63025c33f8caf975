package entra

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// place is the tenant that a path names.
type place struct {
	id   string // GUID; empty for common and organizations
	name string // as in the path: GUID, domain, common, organizations or consumers
}

// template is the tenant's id, or the placeholder of documents that serve all tenants.
func (p place) template() string {
	if p.id == "" {
		return "{tenantid}"
	}
	return p.id
}

// find resolves the tenant of a path: a GUID, "contoso.onmicrosoft.com", or one of the shared names.
func (e *Entra) find(name string) (place, *refusal) {
	switch lower := strings.ToLower(name); {
	case lower == "common" || lower == "organizations":
		return place{name: lower}, nil
	case lower == "consumers" || lower == msaTenant:
		return place{id: msaTenant, name: lower}, nil
	case guidForm.MatchString(lower):
		if tenant, err := e.options.Directory.Tenant(lower); err == nil {
			return place{id: tenant.ID, name: lower}, nil
		}
		return place{}, refuse(90002, name)
	case strings.HasSuffix(lower, ".onmicrosoft.com"):
		if tenant, err := e.options.Directory.Tenant(strings.TrimSuffix(lower, ".onmicrosoft.com")); err == nil {
			return place{id: tenant.ID, name: lower}, nil
		}
		return place{}, refuse(90002, name)
	case strings.Contains(lower, "."):
		return place{}, refuse(90002, name)
	}
	return place{}, refuse(900023, name)
}

// issuer is the iss claim of tokens of a version for a tenant (or its placeholder).
func (e *Entra) issuer(version int, tenant string) string {
	if version == 2 {
		return e.base + "/" + tenant + "/v2.0"
	}
	return e.base + "/" + tenant + "/"
}

func (e *Entra) configurationV1(w http.ResponseWriter, r *http.Request) { e.configuration(w, r, 1) }
func (e *Entra) configurationV2(w http.ResponseWriter, r *http.Request) { e.configuration(w, r, 2) }

// configuration serves the OpenID Connect discovery document. An unknown tenant is invalid_tenant here,
// unlike at the token endpoint.
func (e *Entra) configuration(w http.ResponseWriter, r *http.Request, version int) {
	p, refused := e.find(r.PathValue("tenant"))
	if refused != nil {
		refused.word = "invalid_tenant"
		e.refuse(w, r, refused)
		return
	}
	at := e.base + "/" + p.name
	oauth, keys := at+"/oauth2/v2.0/", at+"/discovery/v2.0/keys"
	if version == 1 {
		oauth, keys = at+"/oauth2/", at+"/discovery/keys"
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(w, r, http.StatusOK, map[string]any{
		"issuer":                                e.issuer(version, p.template()),
		"authorization_endpoint":                oauth + "authorize",
		"token_endpoint":                        oauth + "token",
		"device_authorization_endpoint":         oauth + "devicecode",
		"end_session_endpoint":                  oauth + "logout",
		"jwks_uri":                              keys,
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt",
			"client_secret_basic"},
		"claims_supported": []string{"sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
			"cloud_graph_host_name", "msgraph_host",
			"aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash",
			"c_hash", "email"},
		"request_uri_parameter_supported": false,
		"http_logout_supported":           true,
		"frontchannel_logout_supported":   true,
		"userinfo_endpoint":               "https://graph.microsoft.com/oidc/userinfo",
		"tenant_region_scope":             nil,
		"cloud_instance_name":             "microsoftonline.com",
		"cloud_graph_host_name":           "graph.windows.net",
		"msgraph_host":                    "graph.microsoft.com",
	})
}

func (e *Entra) keysV1(w http.ResponseWriter, r *http.Request) { e.keys(w, r, 1) }
func (e *Entra) keysV2(w http.ResponseWriter, r *http.Request) { e.keys(w, r, 2) }

// keys serves the published signing keys as JWKs: without alg, with the certificate, its SHA-1 thumbprint
// and the issuer that the key may sign for.
func (e *Entra) keys(w http.ResponseWriter, r *http.Request, version int) {
	p, refused := e.find(r.PathValue("tenant"))
	if refused != nil {
		refused.word = "invalid_tenant"
		e.refuse(w, r, refused)
		return
	}
	jwks := []map[string]any{}
	for _, key := range e.ring.list() {
		issuer := e.issuer(version, p.template())
		if key.msa {
			issuer = e.issuer(version, msaTenant)
		}
		jwk := publicJWK(key)
		jwk["issuer"] = issuer
		jwk["cloud_instance_name"] = "microsoftonline.com"
		jwks = append(jwks, jwk)
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(w, r, http.StatusOK, map[string]any{"keys": jwks})
}

// publicJWK is the part of a JWK that describes the key and its certificate.
func publicJWK(key *signingKey) map[string]any {
	public := key.private.PublicKey
	return map[string]any{
		"kty": "RSA",
		"use": "sig",
		"kid": key.id,
		"x5t": key.id,
		"n":   base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e":   "AQAB", // 65537, the only exponent of crypto/rsa
		"x5c": []string{base64.StdEncoding.EncodeToString(key.der)},
	}
}

// instance serves the list of hosts that are one cloud: this one alone.
func (e *Entra) instance(w http.ResponseWriter, r *http.Request) {
	host := strings.TrimPrefix(strings.TrimPrefix(e.base, "https://"), "http://")
	asked := r.URL.Query().Get("authorization_endpoint")
	if asked == "" {
		e.refuse(w, r, refuse(90014, "authorization_endpoint"))
		return
	}
	if authority, err := url.Parse(asked); err != nil || !strings.EqualFold(authority.Host, host) {
		e.refuse(w, r, refuse(50049))
		return
	}
	writeJSON(w, r, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": e.base + "/common/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": host,
			"preferred_cache":   host,
			"aliases":           []string{host},
		}},
	})
}
