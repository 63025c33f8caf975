// Package org keeps organizations, their users and the sessions that users leave for background work. It
// signs people in, gives their tab Graph tokens, notes that an organization is in use, and erases the data of
// users and organizations: on request, or because nobody has been there for long.
//
// It does not know tokens' formats or how records are stored.
package org

import (
	"context"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/erasure"
	"imagepro/handler/secret"
)

// State says what may be done with an organization, or a user.
type State string

const (
	Active  State = "active"
	Grace   State = "grace"   // an organization that nobody has used for long; any use makes it active again
	Erasing State = "erasing" // its data is being erased; nobody may come in until that is done
)

// Organization is a tenant whose users have been here.
type Organization struct {
	Tenant     string // Entra tenant id
	State      State
	FirstSeen  time.Time
	LastActive time.Time // within touchEvery
	EraseAt    time.Time // when its erasure is due; with Grace only
	// ReturnedAt is when somebody last came back during a grace, and WasDueAt when the erasure would have
	// begun; zero if that never happened.
	ReturnedAt, WasDueAt time.Time
	Erasure              string // id of the erasure; with Erasing only
	Version              string // changes with every write of the record; opaque
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
	State      State  // Active or Erasing
	Profile    Profile
	LastSignIn time.Time // when the profile was read
	Erasure    string    // id of the erasure; with Erasing only
	Version    string
}

// SessionState says whether a session can be used.
type SessionState string

const (
	SessionReady  SessionState = "ready"
	SessionParked SessionState = "needsSignIn" // dead; the user's next visit replaces it
)

// Session is the refresh token that a user left for work in the background, sealed.
type Session struct {
	Tenant, User string
	State        SessionState
	Reason       string // kind of the fault that parked it
	KeyID        string // the key that sealed it; empty if it is parked
	Sealed       []byte
	SavedAt      time.Time // when it was left or last renewed
	ParkedAt     time.Time
	Version      string
}

// GraphToken is a token for the user's client.
type GraphToken struct {
	Text    secret.Text
	Expires time.Time
}

// Organizations keeps the records of tenants.
type Organizations interface {
	// Organization returns the record of a tenant, or a NotFound fault.
	Organization(ctx context.Context, tenant string) (Organization, error)
	// PutOrganization creates the record if Version is empty, else replaces the version that was read. It
	// returns the new version; Conflict, and o as it came, if another write came first or deleted it.
	PutOrganization(ctx context.Context, o Organization) (Organization, error)
	// Idle calls yield for every organization that was last active before the time, and for those that are not
	// Active, until yield returns false.
	Idle(ctx context.Context, before time.Time, yield func(Organization) bool) error
	// DeleteOrganization removes the record of the version that was read; Conflict if it was changed since. A
	// record that is gone is no fault.
	DeleteOrganization(ctx context.Context, o Organization) error
}

// Users keeps the records of users. Its methods are as those of Organizations.
type Users interface {
	// Marked calls yield for every user whose data is being erased, until yield returns false.
	Marked(ctx context.Context, yield func(User) bool) error
	User(ctx context.Context, tenant, id string) (User, error)
	PutUser(ctx context.Context, u User) (User, error)
	DeleteUser(ctx context.Context, u User) error
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
	// DeleteSession removes the version that was read; Conflict if it was replaced since.
	DeleteSession(ctx context.Context, s Session) error
	// EachSession calls yield for the sessions of all users until yield returns false.
	EachSession(ctx context.Context, yield func(Session) bool) error
}

// Erasures keeps erasures, which are their own receipts. Its methods are as those of Organizations.
type Erasures interface {
	Erasure(ctx context.Context, id string) (Erasure, error)
	PutErasure(ctx context.Context, e Erasure) (Erasure, error)
	DeleteErasure(ctx context.Context, e Erasure) error
	// EachErasure calls yield for all of them until yield returns false.
	EachErasure(ctx context.Context, yield func(Erasure) bool) error
}

// Directory tells what Microsoft 365 knows of the caller.
type Directory interface {
	// Profile returns the caller's profile.
	Profile(ctx context.Context, who caller.Caller) (Profile, error)
}

// Exchanger exchanges the token of the caller's client. Its faults: Unauthorized (the token has expired),
// Consent, SignIn, NotSetUp, Misconfigured, Busy.
type Exchanger interface {
	// Usable reports whether the session can be used: it is not parked, and a key of the ring seals it.
	Usable(session Session) bool
	// Renew exchanges whatever is remembered, and so leaves a fresh session.
	Renew(ctx context.Context, who caller.Caller) error
	// GraphToken returns a token for delegated permissions of Graph, by name; claims is a claims challenge
	// (JSON) that it must answer, or empty.
	GraphToken(ctx context.Context, who caller.Caller, scopes []string, claims string) (GraphToken, error)
}

// Resealer seals sessions with the present key.
type Resealer interface {
	// Reseal returns the session under the present key, or parked if its key does not open it, and whether it
	// changed. One under a key that is not in the ring stays as it is: a newer process may have it.
	Reseal(s Session) (Session, bool)
}

// Jobs is the work that runs on users' sessions.
type Jobs interface {
	// Cancel ends all work of the scope that was there before the time and is not at its end.
	Cancel(ctx context.Context, scope erasure.Scope, before time.Time) error
	// Open reports whether the user has work that is not at its end.
	Open(ctx context.Context, tenant, user string) (bool, error)
}

// Schedules is the work that will run on users' sessions.
type Schedules interface {
	// Works reports whether the user has a schedule that will start something.
	Works(ctx context.Context, tenant, user string) (bool, error)
}

// Eraser erases what one store keeps of a scope, all but the marks: records of organizations, and of the user
// whom the scope names. It is safe to repeat, goes on where it was stopped, and returns nil when nothing is
// left. Until the last time it may leave what it finds records by, such as indexes: writers may still be at work.
type Eraser interface {
	Erase(ctx context.Context, scope erasure.Scope, last bool, ledger erasure.Ledger) error
}

// Meter measures.
type Meter interface {
	// Erased tells of an erasure that is done, of a user or an organization.
	Erased(ctx context.Context, subject string)
}

// Queue sends messages to the functions.
type Queue interface {
	// Send puts a message of at most 48 KiB on a queue, visible after the delay (0 to 7 days).
	Send(ctx context.Context, queue string, message []byte, delay time.Duration) error
}
