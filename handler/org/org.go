// Package org keeps organizations, their users and the sessions that users leave for background work. It
// signs people in, and it erases organizations that nobody has signed in to for long.
//
// It does not know tokens' formats or how records are stored.
package org

import (
	"context"
	"time"

	"imagepro/handler/caller"
)

// State says what may be done with an organization.
type State string

const (
	Active  State = "active"
	Erasing State = "erasing" // its data is being erased; nobody may sign in until that is done
)

// Organization is a tenant whose users have signed in.
type Organization struct {
	Tenant      string // Entra tenant id
	State       State
	FirstSeen   time.Time
	LastSignIn  time.Time
	EraseReason string // why it is being erased; for the log
	Version     string // changes with every write of the record; opaque
}

// Profile is what Microsoft 365 says of a user.
type Profile struct {
	Name   string
	UPN    string
	Mail   string
	Locale string // preferred language, such as "de-DE"; empty if the user has set none
}

// User is a person of an organization.
type User struct {
	Tenant     string
	ID         string // object id
	Profile    Profile
	LastSignIn time.Time
	Version    string
}

// Session is the refresh token that a user left for work in the background, sealed.
type Session struct {
	Tenant, User string
	KeyID        string // the key that sealed it
	Sealed       []byte
	SavedAt      time.Time
	Version      string
}

// Store keeps organizations and users.
type Store interface {
	// Organization returns the record of a tenant, or a NotFound fault.
	Organization(ctx context.Context, tenant string) (Organization, error)
	// PutOrganization creates the record if Version is empty, else replaces the version that was read. It
	// returns the new version; Conflict, and o as it came, if another write came first or deleted it.
	PutOrganization(ctx context.Context, o Organization) (Organization, error)
	// PutUser creates or replaces a user's record.
	PutUser(ctx context.Context, u User) error
	// Inactive calls yield for every organization whose last sign-in was before the time, and for those whose
	// erasure has begun, until yield returns false.
	Inactive(ctx context.Context, before time.Time, yield func(Organization) bool) error
	// DeleteOrganization removes the record of the version that was read; Conflict if it was changed since. A
	// record that is gone is no fault.
	DeleteOrganization(ctx context.Context, o Organization) error
}

// Sessions keeps sealed sessions.
type Sessions interface {
	// Session returns a user's session, or a NotFound fault.
	Session(ctx context.Context, tenant, user string) (Session, error)
	// PutSession creates or replaces the session of a user who has just signed in.
	PutSession(ctx context.Context, s Session) error
	// RenewSession replaces the version that was read; Conflict if it was replaced or deleted since, which
	// also keeps a worker from bringing an erased session back.
	RenewSession(ctx context.Context, s Session) error
}

// Directory tells what Microsoft 365 knows of the caller.
type Directory interface {
	// Profile returns the caller's profile. Its first use of a caller's assertion exchanges it, so a wrong
	// consent or a missing sign-in shows here.
	Profile(ctx context.Context, who caller.Caller) (Profile, error)
}

// Eraser erases what one store keeps of a tenant. It is safe to repeat, and goes on where it was stopped.
type Eraser interface {
	Erase(ctx context.Context, tenant string) error
}
