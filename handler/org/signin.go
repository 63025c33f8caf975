package org

import (
	"context"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Service signs people in.
type Service struct {
	store     Store
	directory Directory
	now       func() time.Time
}

// NewService returns a service on the store; directory gives profiles, now the time.
func NewService(store Store, directory Directory, now func() time.Time) *Service {
	return &Service{store: store, directory: directory, now: now}
}

// SignIn records that the caller is here: it marks the organization as active, reads the profile (and with it
// exchanges the token, which leaves a session for background work) and keeps the user's record.
//
// It fails with what the exchange says (Unauthorized, Consent, SignIn, Forbidden, Busy), and with Busy while
// the organization's data is being erased.
func (s *Service) SignIn(ctx context.Context, who caller.Caller) (User, error) {
	// The organization comes first: whatever is kept from here on belongs to one that the sweeper knows, and
	// that it does not erase at this moment. A sign-in that fails leaves that record and nothing else.
	if err := s.touch(ctx, who.Tenant); err != nil {
		return User{}, err
	}
	profile, err := s.directory.Profile(ctx, who)
	if err != nil {
		return User{}, err
	}
	user := User{Tenant: who.Tenant, ID: who.User, Profile: profile, LastSignIn: s.now().UTC()}
	if err := s.store.PutUser(ctx, user); err != nil {
		return User{}, err
	}
	return user, nil
}

// touch writes the sign-in to the organization's record, which it makes for the first one. When a race is
// lost, it looks again: the winner may have been another sign-in, or the sweeper.
func (s *Service) touch(ctx context.Context, tenant string) error {
	for {
		now := s.now().UTC()
		o, err := s.organization(ctx, tenant, now)
		if err != nil || now.Sub(o.LastSignIn) < touchEvery {
			return err
		}
		o.LastSignIn = now
		if _, err = s.store.PutOrganization(ctx, o); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

// organization returns the tenant's record, or a new one that is not stored yet. Busy if it is being erased.
func (s *Service) organization(ctx context.Context, tenant string, now time.Time) (Organization, error) {
	o, err := s.store.Organization(ctx, tenant)
	switch {
	case fault.Is(err, fault.NotFound):
		return Organization{Tenant: tenant, State: Active, FirstSeen: now}, nil
	case err != nil:
		return Organization{}, err
	case o.State == Erasing:
		return Organization{}, fault.New(fault.Busy,
			"The data of your organization is being erased after a long time without use. Try again in some minutes.", nil).After(5 * time.Minute)
	}
	return o, nil
}

// touchEvery is how old the recorded sign-in may be before it is written again: erasure counts days, and a
// write for each request would make one record the bottleneck of a tenant.
const touchEvery = time.Hour
