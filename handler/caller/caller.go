// Package caller says who asks: the user of a tenant on whose behalf a piece of work is done.
//
// It does not verify anything; a Caller is made by cloud/entra from a verified token, or from a record for
// work that runs while the user is away.
package caller

import "imagepro/handler/secret"

// Caller is a user at work. Tenant and User are the identity; everything else is for display.
type Caller struct {
	Tenant string // Entra tenant id: GUID, lower case
	User   string // object id of the user in that tenant: GUID, lower case

	UPN  string // user principal name or preferred user name; may change, never to be trusted
	Name string // display name

	// Admin says that the user holds a role that may decide for the whole organization.
	Admin bool

	// Assertion is the token that the user's client sent. It is empty when work runs in the background, which
	// then uses the session that the user left.
	Assertion secret.Text
}

// Away returns the caller as the background knows them: the identity alone.
func Away(tenant, user string) Caller { return Caller{Tenant: tenant, User: user} }
