package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/privacy"
)

func (a *API) installPeople() {
	// Me: the first call of a tab.
	// A repeat refreshes the profile.
	huma.Register(a.huma, signedIn("me", http.MethodGet, "/me", "Signs in and shows the caller's profile"), a.me)
	// A repeat goes on with the same erasure.
	huma.Register(a.huma, accepted(passingBy("eraseMe", http.MethodDelete, "/me", "Erases all data of the caller")),
		a.eraseMe)

	// Organization
	// A repeat goes on with the same erasure.
	huma.Register(a.huma,
		accepted(
			passingBy("eraseOrganization", http.MethodDelete, "/organization",
				"Erases all data of the caller's organization")), a.eraseOrganization)

	// Erasures
	huma.Register(a.huma,
		passingBy("erasure", http.MethodGet, "/erasures/{id}", "Shows how far an erasure is, or its receipt"),
		a.erasure)

	// Token: for calls of the tab's own to Graph.
	// A repeat gives the same token, or a later one.
	huma.Register(a.huma,
		signedIn("token", http.MethodPost, "/token", "Exchanges the caller's token for one of Microsoft Graph"),
		a.token)
}

// Health is what the health answer says of the program.
type Health struct {
	Version string `json:"version" doc:"Version of the program"`
	Codec   string `json:"codec" doc:"What decodes and encodes JPEG"`
}

type healthOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
		Health
	}
}

func (a *API) health(context.Context, *struct{}) (*healthOutput, error) {
	out := &healthOutput{}
	out.Body.Status = "ok"
	out.Body.Health = a.options.Health
	return out, nil
}

// dependency is something that the program needs.
type dependency struct {
	Name         string  `json:"name" enum:"tables,blobs,queues,entra,graph"`
	OK           bool    `json:"ok"`
	Milliseconds float64 `json:"milliseconds" doc:"How long it took to answer"`
	Problem      string  `json:"problem,omitempty" doc:"The kind of the problem"`
}

type readyOutput struct {
	Status int
	Body   struct {
		Status       string       `json:"status" enum:"ready,failing"`
		Dependencies []dependency `json:"dependencies"`
	}
}

func (a *API) ready(ctx context.Context, _ *struct{}) (*readyOutput, error) {
	out := &readyOutput{Status: http.StatusOK}
	out.Body.Status = "ready"
	for _, state := range a.options.Ready.Look(ctx) {
		out.Body.Dependencies = append(out.Body.Dependencies, dependency{
			Name:         state.Name,
			OK:           state.Problem == "",
			Milliseconds: float64(state.Took.Microseconds()) / 1000,
			Problem:      string(state.Problem),
		})
		if state.Problem != "" {
			out.Status, out.Body.Status = http.StatusServiceUnavailable, "failing"
		}
	}
	return out, nil
}

type privacyOutput struct {
	Body struct {
		Kept  []privacy.Entry `json:"kept" doc:"Everything that Image Pro keeps, and for how long"`
		Never []privacy.Never `json:"never" doc:"What it never keeps"`
	}
}

func (a *API) privacy(context.Context, *struct{}) (*privacyOutput, error) {
	out := &privacyOutput{}
	out.Body.Kept, out.Body.Never = privacy.Inventory(), privacy.NeverKept()
	return out, nil
}

type meOutput struct {
	Body struct {
		ID           string           `json:"id" doc:"Object id of the user"`
		Tenant       string           `json:"tenant" doc:"Id of the organization"`
		Name         string           `json:"name"`
		Mail         string           `json:"mail,omitempty"`
		Locale       string           `json:"locale,omitempty" doc:"Preferred language, such as de-DE"`
		Admin        bool             `json:"admin" doc:"Whether the user may erase the organization's data"`
		Organization organizationBody `json:"organization"`
	}
}

type organizationBody struct {
	FirstSeenAt time.Time     `json:"firstSeenAt"`
	Returned    *returnedBody `json:"returned,omitempty" doc:"Somebody came back lately, after the organization had not been used for long and its erasure was due"`
}

type returnedBody struct {
	At              time.Time `json:"at"`
	ErasureWasDueAt time.Time `json:"erasureWasDueAt" doc:"When all data would have been erased"`
}

// returnedFor is how long it is told that an organization came back.
const returnedFor = 7 * 24 * time.Hour

// visit signs the caller in and lets go on what waited for them.
func (a *API) visit(ctx context.Context) (org.Visit, error) {
	who := callerOf(ctx)
	visit, err := a.options.Org.SignIn(ctx, who)
	if err != nil {
		return org.Visit{}, err
	}
	return visit, a.options.Bulk.Resume(ctx, who)
}

func (a *API) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	visit, err := a.visit(ctx)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &meOutput{}
	user, organization := visit.User, visit.Organization
	out.Body.ID, out.Body.Tenant, out.Body.Admin = user.ID, user.Tenant, callerOf(ctx).Admin
	out.Body.Name, out.Body.Mail, out.Body.Locale = user.Profile.Name, user.Profile.Mail, user.Profile.Locale
	out.Body.Organization.FirstSeenAt = organization.FirstSeen
	if at := organization.ReturnedAt; !at.IsZero() && a.options.Now().Sub(at) < returnedFor {
		out.Body.Organization.Returned = &returnedBody{at, organization.WasDueAt}
	}
	return out, nil
}

type tokenInput struct {
	Body struct {
		Scopes       []string `json:"scopes,omitempty" maxItems:"16" enum:"User.Read,email,openid,profile,offline_access,Sites.ReadWrite.All" doc:"Delegated permissions of Graph by name; all if it is left out"`
		Claims       string   `json:"claims,omitempty" maxLength:"8192" doc:"Claims challenge of Graph's that the token must answer: a JSON object, not base64"`
		AfterConsent bool     `json:"afterConsent,omitempty" doc:"The user has just consented: wait some seconds for Entra ID to see it"`
	}
}

type tokenOutput struct {
	Body struct {
		AccessToken string    `json:"accessToken" doc:"For Microsoft Graph"`
		TokenType   string    `json:"tokenType" enum:"Bearer"`
		ExpiresAt   time.Time `json:"expiresAt"`
		Scopes      []string  `json:"scopes"`
	}
}

func (a *API) token(ctx context.Context, in *tokenInput) (*tokenOutput, error) {
	claims, err := challengeOf(in.Body.Claims)
	if err != nil {
		return nil, failed(ctx, err)
	}
	granted, err := a.options.Org.Token(ctx, callerOf(ctx), org.TokenRequest{
		Scopes: in.Body.Scopes, Claims: claims, AfterConsent: in.Body.AfterConsent,
	})
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &tokenOutput{}
	out.Body.AccessToken, out.Body.TokenType = granted.Text.Reveal(), "Bearer"
	out.Body.ExpiresAt, out.Body.Scopes = granted.Expires.UTC(), granted.Scopes
	return out, nil
}

// challengeOf checks a claims request (OpenID Connect Core 1.0, 5.5) and returns it without the capabilities that a
// client may have added: those are the program's to say.
func challengeOf(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	var claims map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &claims) != nil || claims == nil {
		return "", fault.New(fault.Invalid, "The claims must be a JSON object.", nil).At("/claims")
	}
	raw, ok := claims["access_token"]
	if !ok {
		return text, nil
	}
	var ofToken map[string]json.RawMessage
	if json.Unmarshal(raw, &ofToken) != nil || ofToken == nil {
		return "", fault.New(fault.Invalid, "access_token must be a JSON object in the claims.", nil).At("/claims")
	}
	delete(ofToken, "xms_cc")
	claims["access_token"], _ = json.Marshal(ofToken) // what was JSON always marshals, here and below
	clean, _ := json.Marshal(claims)
	return string(clean), nil
}

type erasureOutput struct {
	Location string `header:"Location" doc:"Of the receipt, when the erasure was accepted"`
	Body     erasureBody
}

// erasureBody is an erasure, or its receipt.
type erasureBody struct {
	ID      string               `json:"id"`
	Subject string               `json:"subject" enum:"user,organization"`
	State   string               `json:"state" enum:"erasing,done"`
	BegunAt time.Time            `json:"begunAt"`
	DoneAt  *time.Time           `json:"doneAt,omitempty"`
	Counts  map[erasure.Kind]int `json:"counts" doc:"How many records of each kind were erased"`
}

// receiptOwner is the list that receipts belong to, as far as their sealed ids go.
const receiptOwner = "erasures"

func (a *API) eraseMe(ctx context.Context, _ *struct{}) (*erasureOutput, error) {
	e, err := a.options.Org.EraseUser(ctx, callerOf(ctx))
	return a.erasureAccepted(ctx, e, err)
}

func (a *API) eraseOrganization(ctx context.Context, _ *struct{}) (*erasureOutput, error) {
	e, err := a.options.Org.EraseOrganization(ctx, callerOf(ctx))
	return a.erasureAccepted(ctx, e, err)
}

// erasureAccepted gives the caller the id of the receipt: sealed for them, since a receipt itself does not say
// whose it is.
func (a *API) erasureAccepted(ctx context.Context, e org.Erasure, err error) (*erasureOutput, error) {
	if err != nil {
		return nil, failed(ctx, err)
	}
	who := callerOf(ctx)
	id := a.options.Cursors.Token(e.ID, receiptOwner, who.Tenant, who.User)
	out := erasureAnswer(e, id)
	out.Location = Prefix + "/erasures/" + id
	return out, nil
}

type erasureInput struct {
	ID string `path:"id" maxLength:"1024"`
}

func (a *API) erasure(ctx context.Context, in *erasureInput) (*erasureOutput, error) {
	who := callerOf(ctx)
	id, err := a.options.Cursors.OpenToken(in.ID, receiptOwner, who.Tenant, who.User)
	if err != nil {
		return nil, failed(ctx, fault.New(fault.NotFound, noErasure, err))
	}
	e, err := a.options.Org.Receipt(ctx, id)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, noErasure, err)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return erasureAnswer(e, in.ID), nil
}

const noErasure = "There is no such erasure."

func erasureAnswer(e org.Erasure, id string) *erasureOutput {
	out := &erasureOutput{Body: erasureBody{
		ID:      id,
		Subject: string(e.Subject),
		State:   "erasing",
		BegunAt: e.Begun,
		Counts:  e.Counts,
	}}
	if out.Body.Counts == nil {
		out.Body.Counts = map[erasure.Kind]int{}
	}
	if !e.Done.IsZero() {
		out.Body.State, out.Body.DoneAt = "done", &e.Done
	}
	return out
}
