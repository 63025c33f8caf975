// Package fault is the one error type of Image Pro: what kind of failure it is, what may be said about it
// to a user, and the cause that only the log sees.
//
// It does not know HTTP statuses (api maps kinds to them) nor queues (invoke decides what is tried again).
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure a fault is, in a word that is stable: it appears in problem documents, in
// the results of bulk edits and in logs.
type Kind string

// The kinds. Each comment says who can mend it.
const (
	Invalid       Kind = "invalid"       // the request or recipe is wrong; the caller can mend it
	Unauthorized  Kind = "unauthorized"  // no token, or one that is not valid; the caller signs in again
	Consent       Kind = "consent"       // the user or an admin has to consent to the permissions first
	SignIn        Kind = "sign_in"       // the user has to sign in again at Entra (MFA, a dead session)
	NotSetUp      Kind = "not_set_up"    // the organization has not added this program; an administrator can
	Forbidden     Kind = "forbidden"     // the user may not do this; an owner of the library can help
	NotFound      Kind = "not_found"     // it is not there, or the user may not see it
	Conflict      Kind = "conflict"      // somebody else changed it meanwhile; read again and decide
	Stale         Kind = "stale"         // the caller named a version (If-Match) that is no longer the present one
	Unconditional Kind = "unconditional" // the caller named no version that the change is for (If-Match)
	Locked        Kind = "locked"        // checked out or locked by somebody; they can release it
	Unsupported   Kind = "unsupported"   // no image, or a format that this program does not edit
	TooLarge      Kind = "too_large"     // over a limit that the message names
	Busy          Kind = "busy"          // a service is throttled or away; try again after RetryAfter
	Processed     Kind = "processed"     // it was done before, by a bulk edit of the same sort; only in results
	Full          Kind = "full"          // the site or drive has no space left
	Misconfigured Kind = "misconfigured" // our own settings or credential are wrong; the operator can mend it
	Internal      Kind = "internal"      // a defect or an unknown answer; the operator reads the log
)

// Limit names the limit that a TooLarge fault is about, in a word that is as stable as its kind.
type Limit string

// The limits. Where a setting gives one, handler/docs/api.md names it.
const (
	LimitFileBytes       Limit = "fileBytes"       // of a picture's file
	LimitPixels          Limit = "pixels"          // of a picture as it is stored
	LimitSide            Limit = "side"            // of a picture as it is stored
	LimitScans           Limit = "scans"           // of a JPEG file
	LimitFrames          Limit = "frames"          // of an animation
	LimitAnimationPixels Limit = "animationPixels" // of all frames together, before or after the edit
	LimitImageBytes      Limit = "imageBytes"      // of the file of a picture that a recipe needs
	LimitImagePixels     Limit = "imagePixels"     // of such a picture
	LimitResultPixels    Limit = "resultPixels"    // of what a step makes
	LimitResultSide      Limit = "resultSide"      // of what a step makes
	LimitFormatSide      Limit = "formatSide"      // that files of the result's format can have
	LimitMemory          Limit = "memory"          // that the edit would need
	LimitTime            Limit = "time"            // that the edit may take
	LimitMaxBytes        Limit = "maxBytes"        // that the recipe allows the result
	LimitImages          Limit = "images"          // of a bulk edit
	LimitOpenBulkEdits   Limit = "openBulkEdits"   // that are not over, of a user or an organization
	LimitSchedules       Limit = "schedules"       // of a user
	LimitBodyBytes       Limit = "bodyBytes"       // of a request
)

// NeedsUser reports whether only the next visit of the user can mend a fault of the kind: their session is
// dead. What runs while they are away waits for it.
func (k Kind) NeedsUser() bool { return k == SignIn || k == Consent || k == NotSetUp }

// Fault is an error with a kind and a sentence for the user.
type Fault struct {
	Kind    Kind
	Message string // a plain sentence that may be shown to the user: no secret, no foreign error text
	// Field is the JSON pointer or the name of what was wrong in the request; empty if there is none.
	Field string
	// Limit is the limit that was passed; with TooLarge only, empty if it is another service's.
	Limit Limit
	// Claims is the claims challenge that the user's next sign-in must answer (JSON); with SignIn only.
	Claims string
	// Consent says what has to be consented to, and where; with Consent and NotSetUp only, nil if it is not known.
	Consent *ConsentNeed
	// Latest says what is there instead of the version that the caller named; with Stale only, nil if it is not known.
	Latest *Latest
	// RetryAfter is how long to wait before another try; zero if the service named no time. With Busy only.
	RetryAfter time.Duration

	cause error
}

// ConsentNeed is a consent that is missing.
type ConsentNeed struct {
	Scopes []string // fully qualified
	// AuthorizeURL is where the user can consent, empty if only an administrator may; AdminURL is where an
	// administrator can, for everybody. Whoever opens one adds redirect_uri and state.
	AuthorizeURL, AdminURL string
}

// Latest is the present state of what somebody else has changed.
type Latest struct {
	Version string
	At      time.Time
	By      string // display name; for the answer only
	Bytes   int64
}

// New returns a fault of a kind with a sentence for the user and the cause, which may be nil and is only
// ever logged.
func New(kind Kind, message string, cause error) *Fault {
	return &Fault{Kind: kind, Message: message, cause: cause}
}

// Newf is New without a cause and with a formatted sentence.
func Newf(kind Kind, format string, args ...any) *Fault {
	return New(kind, fmt.Sprintf(format, args...), nil)
}

// At returns the fault with the field that it is about.
func (f *Fault) At(field string) *Fault {
	f.Field = field
	return f
}

// Over returns the fault with the limit that was passed.
func (f *Fault) Over(limit Limit) *Fault {
	f.Limit = limit
	return f
}

// After returns the fault with the time to wait before another try.
func (f *Fault) After(wait time.Duration) *Fault {
	f.RetryAfter = wait
	return f
}

// Error gives the kind, the sentence and the cause, for logs.
func (f *Fault) Error() string {
	text := string(f.Kind) + ": "
	if f.Field != "" {
		text += f.Field + ": "
	}
	text += f.Message
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.cause }

// From returns the first fault in err's chain. An error without one is Internal and keeps err as its
// cause; nil stays nil.
func From(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return New(Internal, "Something went wrong on our side.", err)
}

// Is reports whether err is, or wraps, a fault of the kind.
func Is(err error, kind Kind) bool {
	var f *Fault
	return errors.As(err, &f) && f.Kind == kind
}
