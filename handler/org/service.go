package org

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/errgroup"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// Service lets people in.
type Service struct {
	o        ServiceOptions
	entered  *expirable.LRU[string, struct{}] // tenants that were found active a moment ago
	profiles *expirable.LRU[login, cachedProfile]
	salt     [32]byte // of login
}

// ServiceOptions are what a Service needs.
type ServiceOptions struct {
	Organizations Organizations
	Users         Users
	Sessions      Sessions
	Erasures      Erasures
	Directory     Directory
	Exchanger     Exchanger
	Queue         Queue
	Now           func() time.Time
	NewID         func() string // a fresh id: 1 to 64 lower-case letters and digits
}

const (
	// EnteredLife is how long an organization that was found active is taken for active without another look.
	EnteredLife = 10 * time.Second
	enteredSize = 10_000

	// touchEvery is how old the recorded activity may be before it is written again: erasure counts days, and a
	// write for each request would make one record the bottleneck of a tenant.
	touchEvery = time.Hour

	profileLife = 10 * time.Minute
	profileSize = 10_000
)

// NewService returns a service.
func NewService(o ServiceOptions) *Service {
	s := &Service{
		o:        o,
		entered:  expirable.NewLRU[string, struct{}](enteredSize, nil, EnteredLife),
		profiles: expirable.NewLRU[login, cachedProfile](profileSize, nil, profileLife),
	}
	_, _ = rand.Read(s.salt[:]) // never fails: crypto/rand ends the process instead
	return s
}

// Enter notes that somebody of the tenant is here, and makes its record if they are the first. Whatever is kept
// after it belongs to an organization that the sweeper knows, and that it does not erase at this moment. Busy
// while the organization's data is being erased.
//
// It is cheap enough for every request: six reads a minute and one write an hour for each tenant and process.
func (s *Service) Enter(ctx context.Context, tenant string) error {
	if _, ok := s.entered.Get(tenant); ok {
		return nil
	}
	if err := s.touch(ctx, tenant); err != nil {
		return err
	}
	s.entered.Add(tenant, struct{}{})
	return nil
}

// touch writes the activity to the organization's record. When a race is lost, it looks again: the winner may
// have been another request, or the sweeper.
func (s *Service) touch(ctx context.Context, tenant string) error {
	for {
		now := s.o.Now().UTC()
		o, err := s.organization(ctx, tenant, now)
		if err != nil || o.State == Active && now.Sub(o.LastActive) < touchEvery {
			return err
		}
		if o.State == Grace {
			o.ReturnedAt, o.WasDueAt, o.EraseAt = now, o.EraseAt, time.Time{}
		}
		o.State, o.LastActive = Active, now
		if _, err = s.o.Organizations.PutOrganization(ctx, o); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

// organization returns the tenant's record, or a new one that is not stored yet. Busy if it is being erased.
func (s *Service) organization(ctx context.Context, tenant string, now time.Time) (Organization, error) {
	o, err := s.o.Organizations.Organization(ctx, tenant)
	switch {
	case fault.Is(err, fault.NotFound):
		return Organization{Tenant: tenant, State: Active, FirstSeen: now}, nil
	case err != nil:
		return Organization{}, err
	case o.State == Erasing:
		return Organization{}, organizationErased()
	}
	return o, nil
}

// Visit is what a sign-in found.
type Visit struct {
	User         User
	Organization Organization
}

// SignIn lets the caller in: it exchanges the token unless a good session is there already, reads the profile
// once for each login, and keeps the user's record. Enter comes first.
//
// It fails with what the exchange says (Unauthorized, Consent, SignIn, NotSetUp, Busy), and with Busy while the
// user's or the organization's data is being erased.
func (s *Service) SignIn(ctx context.Context, who caller.Caller) (Visit, error) {
	var visit Visit
	var session Session
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		visit.Organization, err = s.organization(reading, who.Tenant, s.o.Now().UTC())
		return err
	})
	group.Go(func() (err error) {
		visit.User, err = s.user(reading, who)
		return err
	})
	group.Go(func() (err error) {
		session, err = s.o.Sessions.Session(reading, who.Tenant, who.User)
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return Visit{}, err
	}
	if !s.o.Exchanger.Usable(session) {
		if err := s.o.Exchanger.Renew(ctx, who); err != nil {
			return Visit{}, err
		}
	}
	user, err := s.withProfile(ctx, who, visit.User)
	visit.User = user
	return visit, err
}

// user returns the caller's record, or a new one that is not stored yet. Busy if it is being erased.
func (s *Service) user(ctx context.Context, who caller.Caller) (User, error) {
	u, err := s.o.Users.User(ctx, who.Tenant, who.User)
	switch {
	case fault.Is(err, fault.NotFound):
		return User{Tenant: who.Tenant, ID: who.User, State: Active}, nil
	case err != nil:
		return User{}, err
	case u.State == Erasing:
		return User{}, userErased()
	}
	return u, nil
}

// Present is Busy while the caller's data is being erased. Whoever is about to keep something that names the caller
// asks before: an erasure waits for requests that were under way.
func (s *Service) Present(ctx context.Context, who caller.Caller) error {
	_, err := s.user(ctx, who)
	return err
}

// MayWork is Busy while the data of the user, or of their organization, is being erased: nothing is begun on their
// behalf then. It does not count as use of the organization.
func (s *Service) MayWork(ctx context.Context, who caller.Caller) error {
	if _, err := s.organization(ctx, who.Tenant, s.o.Now().UTC()); err != nil {
		return err
	}
	return s.Present(ctx, who)
}

// login names one sign-in of a user: a hash of the token, so that no ids are kept in memory.
type login [sha256.Size]byte

func (s *Service) login(who caller.Caller) login {
	return sha256.Sum256(slices.Concat(s.salt[:], []byte(who.Assertion.Reveal())))
}

// cachedProfile is what may be kept in memory of a profile: no UPN.
type cachedProfile struct{ Name, Mail, Locale string }

// withProfile returns the user with the profile of this login: read once, then remembered for a while.
func (s *Service) withProfile(ctx context.Context, who caller.Caller, u User) (User, error) {
	login := s.login(who)
	if have, ok := s.profiles.Get(login); ok && u.Version != "" {
		u.Profile.Name, u.Profile.Mail, u.Profile.Locale = have.Name, have.Mail, have.Locale
		return u, nil
	}
	profile, err := s.o.Directory.Profile(ctx, who)
	if err != nil {
		return User{}, err
	}
	for {
		u.Profile, u.LastSignIn = profile, s.o.Now().UTC()
		kept, err := s.o.Users.PutUser(ctx, u)
		if fault.Is(err, fault.Conflict) { // another sign-in of the user, or their erasure
			if u, err = s.user(ctx, who); err == nil {
				continue
			}
		}
		if err != nil {
			return User{}, err
		}
		s.profiles.Add(login, cachedProfile{profile.Name, profile.Mail, profile.Locale})
		return kept, nil
	}
}

// Scopes are the delegated permissions that Image Pro asks for, all of them. Those of GraphScopes are Graph's
// own; the others belong to signing in and come with every token.
var (
	Scopes      = []string{"User.Read", "email", "openid", "profile", "offline_access", "Sites.ReadWrite.All"}
	GraphScopes = []string{"User.Read", "Sites.ReadWrite.All"}
)

// TokenRequest asks for a Graph token for the user's client.
type TokenRequest struct {
	Scopes []string // of Scopes; empty for all
	Claims string   // claims challenge of Graph's that the token must answer (JSON object); empty for none
	// AfterConsent says that the user has just consented, which Entra takes some seconds to see: a missing
	// consent is waited for.
	AfterConsent bool
}

// Granted is a Graph token with its scopes.
type Granted struct {
	GraphToken
	Scopes []string
}

// Token exchanges the caller's token for one of Graph's. It leaves a session as every exchange does, so it is
// Busy while the user's data is being erased. Its other faults are those of Exchanger.
func (s *Service) Token(ctx context.Context, who caller.Caller, r TokenRequest) (Granted, error) {
	scopes, err := graphScopes(r.Scopes)
	if err != nil {
		return Granted{}, err
	}
	if _, err := s.user(ctx, who); err != nil {
		return Granted{}, err
	}
	for try := 1; ; try++ {
		token, err := s.o.Exchanger.GraphToken(ctx, who, scopes, r.Claims)
		if err == nil {
			return Granted{token, scopes}, nil
		}
		if !fault.Is(err, fault.Consent) || !r.AfterConsent || try == consentTries || !wait(ctx, consentWait) {
			return Granted{}, err
		}
	}
}

// A consent is seen after three to five seconds as a rule
// (https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-graph-api).
const (
	consentTries = 8
	consentWait  = time.Second
)

// graphScopes returns those of the wanted scopes that are Graph's own. Invalid if one is not allowed, or none
// is Graph's.
func graphScopes(wanted []string) ([]string, error) {
	if len(wanted) == 0 {
		return GraphScopes, nil
	}
	var scopes []string
	for _, scope := range wanted {
		switch {
		case !slices.Contains(Scopes, scope):
			return nil, fault.New(fault.Invalid, "Image Pro does not ask for this scope.", nil).At("/scopes")
		case slices.Contains(GraphScopes, scope) && !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return nil, fault.New(fault.Invalid,
			"A token for Graph needs User.Read or Sites.ReadWrite.All among its scopes.", nil).At("/scopes")
	}
	return scopes, nil
}

// wait waits, and reports whether ctx goes on.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
