// Package directory holds the tenants and users that both halves of the sandbox know: Entra ID signs them
// in, Graph shows them.
//
// It does not know tokens' formats, files or permissions on them.
package directory

import (
	"errors"
	"slices"
	"strings"
	"sync"
)

// Tenant is an organization at Microsoft 365.
type Tenant struct {
	ID   string `json:"id"`   // GUID, lower case
	Name string `json:"name"` // display name
	// Domain is the first label of its SharePoint host: "contoso" stands for contoso.sharepoint.com.
	Domain string `json:"domain"`
}

// User is a member or guest of one tenant.
type User struct {
	Tenant   string `json:"tenant"` // Tenant.ID
	ID       string `json:"id"`     // object id: GUID, lower case, unique within the tenant
	UPN      string `json:"upn"`
	Name     string `json:"name"`
	Mail     string `json:"mail"`
	Locale   string `json:"locale"`   // preferredLanguage, for example "de-DE"
	Disabled bool   `json:"disabled"` // may not sign in
	Admin    bool   `json:"admin"`    // may consent for the whole tenant
	// DirectoryRoles are the template ids of the Entra roles that the user holds, without the one of all members.
	DirectoryRoles []string `json:"directoryRoles,omitempty"`
	// AppRoles are the values of the app roles that were assigned to the user, by client id.
	AppRoles map[string][]string `json:"appRoles,omitempty"`
}

// clone returns a user whose roles are nobody else's to change. Client ids are in lower case.
func (u User) clone() User {
	u.DirectoryRoles = slices.Clone(u.DirectoryRoles)
	if u.AppRoles == nil {
		return u
	}
	roles := make(map[string][]string, len(u.AppRoles))
	for app, values := range u.AppRoles {
		roles[strings.ToLower(app)] = slices.Clone(values)
	}
	u.AppRoles = roles
	return u
}

// Grant is what a Graph access token stands for.
type Grant struct {
	Tenant, User string   // ids; User is empty for an app-only token
	App          string   // client id
	Scopes       []string // short names such as "Sites.ReadWrite.All"
}

// The errors of look-ups.
var (
	ErrNoTenant = errors.New("directory: no such tenant")
	ErrNoUser   = errors.New("directory: no such user")
)

// Directory is safe for concurrent use.
type Directory struct {
	mu      sync.RWMutex
	tenants map[string]Tenant
	users   map[string]map[string]User
}

// New returns an empty directory.
func New() *Directory {
	return &Directory{tenants: map[string]Tenant{}, users: map[string]map[string]User{}}
}

// PutTenant adds or replaces a tenant.
func (d *Directory) PutTenant(t Tenant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.ID = strings.ToLower(t.ID)
	d.tenants[t.ID] = t
	if d.users[t.ID] == nil {
		d.users[t.ID] = map[string]User{}
	}
}

// PutUser adds or replaces a user; its tenant must exist.
func (d *Directory) PutUser(u User) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	u.Tenant, u.ID = strings.ToLower(u.Tenant), strings.ToLower(u.ID)
	if _, ok := d.tenants[u.Tenant]; !ok {
		return ErrNoTenant
	}
	d.users[u.Tenant][u.ID] = u.clone()
	return nil
}

// Tenant finds a tenant by its id or its domain (with or without ".sharepoint.com").
func (d *Directory) Tenant(idOrDomain string) (Tenant, error) {
	key := strings.TrimSuffix(strings.ToLower(idOrDomain), ".sharepoint.com")
	d.mu.RLock()
	defer d.mu.RUnlock()
	if t, ok := d.tenants[key]; ok {
		return t, nil
	}
	for _, t := range d.tenants {
		if strings.EqualFold(t.Domain, key) {
			return t, nil
		}
	}
	return Tenant{}, ErrNoTenant
}

// User finds a user of a tenant by object id or UPN.
func (d *Directory) User(tenant, idOrUPN string) (User, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	users, ok := d.users[strings.ToLower(tenant)]
	if !ok {
		return User{}, ErrNoTenant
	}
	if u, ok := users[strings.ToLower(idOrUPN)]; ok {
		return u.clone(), nil
	}
	for _, u := range users {
		if strings.EqualFold(u.UPN, idOrUPN) {
			return u.clone(), nil
		}
	}
	return User{}, ErrNoUser
}
