package org

import (
	"context"
	"time"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// marks finds the records of users and organizations that are marked for erasure: by the state Erasing and the
// erasure's id. From then on nobody comes in.
type marks struct {
	organizations Organizations
	users         Users
}

// bearer is the record of a user or an organization, as it was read, which may be that it is not there.
type bearer struct {
	mark   string                                     // id of the erasure; empty for none
	set    func(ctx context.Context, id string) error // Conflict if the record was changed since
	remove func(ctx context.Context) error            // likewise
}

// of reads the bearer of a scope's mark.
func (m marks) of(ctx context.Context, scope erasure.Scope) (bearer, error) {
	if scope.User == "" {
		o, err := m.organizations.Organization(ctx, scope.Tenant)
		if fault.Is(err, fault.NotFound) {
			o, err = Organization{Tenant: scope.Tenant}, nil
		}
		return bearer{
			mark:   o.Erasure,
			set:    func(ctx context.Context, id string) error { return m.setOrganization(ctx, o, id) },
			remove: func(ctx context.Context) error { return m.organizations.DeleteOrganization(ctx, o) },
		}, err
	}
	u, err := m.users.User(ctx, scope.Tenant, scope.User)
	if fault.Is(err, fault.NotFound) {
		u, err = User{Tenant: scope.Tenant, ID: scope.User}, nil
	}
	return bearer{
		mark: u.Erasure,
		set: func(ctx context.Context, id string) error {
			u.State, u.Erasure, u.Profile = Erasing, id, Profile{} // the profile goes at once
			_, err := m.users.PutUser(ctx, u)
			return err
		},
		remove: func(ctx context.Context) error { return m.users.DeleteUser(ctx, u) },
	}, err
}

// setOrganization marks the version of the organization that was read.
func (m marks) setOrganization(ctx context.Context, o Organization, id string) error {
	o.State, o.Erasure, o.EraseAt = Erasing, id, time.Time{}
	_, err := m.organizations.PutOrganization(ctx, o)
	return err
}

// set marks a scope, and returns the mark that it bears then: another erasure's if that was faster.
func (m marks) set(ctx context.Context, scope erasure.Scope, id string) (string, error) {
	for {
		b, err := m.of(ctx, scope)
		if err != nil || b.mark != "" {
			return b.mark, err
		}
		if err = b.set(ctx, id); !fault.Is(err, fault.Conflict) {
			return id, err
		}
	}
}

// remove deletes the record of a scope if it bears the mark.
func (m marks) remove(ctx context.Context, scope erasure.Scope, id string) error {
	b, err := m.of(ctx, scope)
	if err != nil || b.mark != id {
		return err
	}
	return b.remove(ctx)
}
