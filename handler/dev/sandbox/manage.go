package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"imagepro/handler/dev/sandbox/directory"
)

// identityPath is where App Service has its identity endpoint.
const identityPath = "/msi/token"

// manage serves the management port; the package comment lists the routes.
func (s *Sandbox) manage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.manageAbout)
	mux.HandleFunc("GET /ca.pem", s.manageCA)
	mux.HandleFunc("GET /tenants", s.manageTenants)
	mux.HandleFunc("PUT /tenants", s.managePutTenant)
	mux.HandleFunc("GET /users", s.manageUsers)
	mux.HandleFunc("PUT /users", s.managePutUser)
	mux.Handle("/_sandbox/", s.Entra.Manage())
	mux.Handle("/entra/", s.Entra.Manage())
	mux.Handle("GET "+identityPath, s.Entra.ManagedIdentity())
	mux.HandleFunc("GET "+signInPath, s.signIn)
	mux.HandleFunc("GET "+signInPath+"/token", s.signInToken)
	mux.Handle("/graph/", s.Graph.Manage())
	mux.Handle("/trouble/", s.Trouble.Manage())
	mux.Handle("/history", s.Trouble.Manage())
	mux.Handle("/history/", s.Trouble.Manage())
	return mux
}

func (s *Sandbox) manageAbout(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{
		"entraUrl": s.EntraURL, "graphUrl": s.GraphURL, "sharePointUrl": s.SharePointURL,
		"managementUrl": s.ManagementURL,
		"identityUrl":   s.IdentityURL, "caPem": string(s.CAPEM),
	})
}

func (s *Sandbox) manageCA(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(s.CAPEM)
}

func (s *Sandbox) manageTenants(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Directory.Tenants())
}

func (s *Sandbox) managePutTenant(w http.ResponseWriter, r *http.Request) {
	var tenant directory.Tenant
	if err := read(r, &tenant); err != nil {
		refuse(w, err)
		return
	}
	if tenant.Name == "" || tenant.Domain == "" {
		refuse(w, errors.New("name and domain are required"))
		return
	}
	if tenant.ID == "" {
		tenant.ID = directory.NewID()
	}
	s.Directory.PutTenant(tenant)
	answer(w, http.StatusOK, tenant)
}

func (s *Sandbox) manageUsers(w http.ResponseWriter, r *http.Request) {
	tenant, err := s.Directory.Tenant(r.URL.Query().Get("tenant"))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, s.Directory.Users(tenant.ID))
}

func (s *Sandbox) managePutUser(w http.ResponseWriter, r *http.Request) {
	var user directory.User
	if err := read(r, &user); err != nil {
		refuse(w, err)
		return
	}
	tenant, err := s.Directory.Tenant(user.Tenant)
	if err != nil {
		refuse(w, err)
		return
	}
	if user.UPN == "" {
		refuse(w, errors.New("upn is required"))
		return
	}
	user.Tenant = tenant.ID
	if user.ID == "" {
		user.ID = directory.NewID()
	}
	if err := s.Directory.PutUser(user); err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, user)
}

// read fills v from a JSON body of at most 1 MiB and refuses members that v does not have.
func read(r *http.Request, v any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no answer
}

func refuse(w http.ResponseWriter, err error) {
	answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}
