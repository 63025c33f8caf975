// Package stage is what tests of what reaches SharePoint begin with: a sandbox with the demo scene, whose two tenants
// have both consented, and tokens for its people.
package stage

import (
	"context"
	"strings"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

// Stage is a running sandbox. Stop ends it.
type Stage struct {
	*sandbox.Sandbox
	Scene  *sandbox.Scene
	Tokens *entra.Tokens // as the program gets them
}

// New starts a stage.
func New(o sandbox.Options) (*Stage, error) {
	s := &Stage{}
	var err error
	if s.Sandbox, err = sandbox.Start(o); err != nil {
		return nil, err
	}
	if s.Scene, err = sandbox.Demo(s.Sandbox); err != nil {
		return nil, err
	}
	s.Entra.Consent(s.Scene.Fabrikam.ID, "", sandbox.DemoApp, s.Scene.App.Scopes...)
	ring, err := seal.NewRing([]seal.Key{{ID: "k", Secret: secret.New(strings.Repeat("k", 32))}})
	if err != nil {
		return nil, err
	}
	sealer, err := ring.For("refresh-token")
	if err != nil {
		return nil, err
	}
	s.Tokens, err = entra.NewTokens(entra.TokensOptions{
		Authority:  s.EntraURL,
		AppID:      sandbox.DemoApp,
		Credential: entra.Credential{Secret: secret.New(s.Scene.Secret)},
		Resource:   "https://graph.microsoft.com",
		Scopes:     org.GraphScopes,
		Transport:  s.Client().Transport,
		Sealer:     sealer,
		Sessions:   forgetful{},
		Now:        time.Now,
	})
	return s, err
}

// Caller is a person at work.
func (s *Stage) Caller(user directory.User) (caller.Caller, error) {
	token, err := s.Entra.TeamsToken(sandboxentra.TeamsTokenRequest{Tenant: user.Tenant, User: user.ID})
	return caller.Caller{Tenant: user.Tenant, User: user.ID, Assertion: secret.New(token)}, err
}

// forgetful keeps no sessions: all callers are at work.
type forgetful struct{ org.Sessions }

func (forgetful) Session(context.Context, string, string) (org.Session, error) {
	return org.Session{}, fault.New(fault.NotFound, "There is no session.", nil)
}
func (forgetful) PutSession(context.Context, org.Session) error   { return nil }
func (forgetful) RenewSession(context.Context, org.Session) error { return nil }
