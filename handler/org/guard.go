package org

import (
	"context"
	"time"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
)

// guarded keeps sessions, but none that comes while its owner is erased.
type guarded struct {
	Sessions
	marks marks
}

// Guard returns sessions to which those of users and organizations whose data is being erased cannot be added:
// Busy. An exchange may end long after the request that began it, and any request may exchange.
func Guard(sessions Sessions, organizations Organizations, users Users) Sessions {
	return guarded{sessions, marks{organizations, users}}
}

func (g guarded) PutSession(ctx context.Context, session Session) error {
	for _, owner := range []struct {
		scope erasure.Scope
		busy  func() *fault.Fault
	}{
		{erasure.Scope{Tenant: session.Tenant}, organizationErased},
		{erasure.Scope{Tenant: session.Tenant, User: session.User}, userErased},
	} {
		bearer, err := g.marks.of(ctx, owner.scope)
		if err != nil {
			return err
		}
		if bearer.mark != "" {
			return owner.busy()
		}
	}
	return g.Sessions.PutSession(ctx, session)
}

// erasingWait is when it is worth to come back while data is being erased.
const erasingWait = 5 * time.Minute

func organizationErased() *fault.Fault {
	return fault.New(fault.Busy, "The data of your organization is being erased. Try again in some minutes.",
		nil).After(erasingWait)
}

func userErased() *fault.Fault {
	return fault.New(fault.Busy, "Your data is being erased. Try again in some minutes.", nil).After(erasingWait)
}
