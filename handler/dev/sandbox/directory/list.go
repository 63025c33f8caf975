package directory

import (
	"cmp"
	"slices"
	"strings"
)

// Tenants returns all tenants, sorted by id.
func (d *Directory) Tenants() []Tenant {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]Tenant, 0, len(d.tenants))
	for _, t := range d.tenants {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Tenant) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Users returns the users of a tenant, sorted by UPN; none if there is no such tenant.
func (d *Directory) Users(tenant string) []User {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := []User{}
	for _, u := range d.users[strings.ToLower(tenant)] {
		all = append(all, u.clone())
	}
	slices.SortFunc(all, func(a, b User) int { return cmp.Compare(a.UPN, b.UPN) })
	return all
}
