package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
)

// tokenError is the error body of the token endpoint
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes). Its description may name the
// user and is left out.
type tokenError struct {
	Code        string `json:"error"`
	Suberror    string `json:"suberror"`
	Codes       []int  `json:"error_codes"`
	Claims      string `json:"claims"`
	Correlation string `json:"correlation_id"`
}

func (e tokenError) Error() string {
	return fmt.Sprintf("entra answered %s %s %v (correlation id %s)", e.Code, e.Suberror, e.Codes, e.Correlation)
}

func (e tokenError) has(codes ...int) bool {
	return slices.ContainsFunc(e.Codes, func(code int) bool { return slices.Contains(codes, code) })
}

// faultOf turns what MSAL returns into a fault. MSAL's own texts are dropped: they may hold tokens.
func (t *Tokens) faultOf(err error, who caller.Caller, scopes []string) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	var invalid msal.InvalidJsonErr
	if errors.As(err, &invalid) { // something between Entra and us
		return fault.New(fault.Busy, "The sign-in service did not answer as expected.",
			errors.New("the token response is no valid JSON"))
	}
	var call msal.CallErr
	if !errors.As(err, &call) || call.Resp == nil {
		return fault.New(fault.Internal, "The sign-in service did not answer as expected.",
			fmt.Errorf("the token library failed with %T", err))
	}
	body, readErr := io.ReadAll(io.LimitReader(call.Resp.Body, tokenResponseMaxBytes))
	var answer tokenError
	if readErr != nil || json.Unmarshal(body, &answer) != nil {
		answer = tokenError{Code: http.StatusText(call.Resp.StatusCode)}
	}
	f = classify(call.Resp.StatusCode, answer, retry.After(call.Resp.Header, t.options.Now()))
	if f.Kind == fault.Consent || f.Kind == fault.NotSetUp && !answer.has(tenantUnknown) {
		f.Consent = t.consent(who.Tenant, scopes, f.Kind == fault.NotSetUp || answer.has(adminConsent))
	}
	return f
}

// Codes that say more than the error and suberror do.
const (
	tenantUnknown = 90002
	adminConsent  = 90094
)

// consent says where what is missing can be consented to
// (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent).
func (t *Tokens) consent(tenant string, scopes []string, adminOnly bool) *fault.ConsentNeed {
	all := t.qualified(scopes)
	query := url.Values{"client_id": {t.options.AppID},
		"scope": {strings.Join(append(slices.Clone(all), "openid", "profile", "offline_access"), " ")}}
	base := t.options.Authority + "/" + url.PathEscape(tenant)
	need := &fault.ConsentNeed{Scopes: all, AdminURL: base + "/v2.0/adminconsent?" + query.Encode()}
	if !adminOnly {
		query.Set("response_type", "code")
		query.Set("prompt", "consent")
		need.AuthorizeURL = base + "/oauth2/v2.0/authorize?" + query.Encode()
	}
	return need
}

// classify says what a refusal means: by the error and suberror where they tell, else by the code.
func classify(status int, e tokenError, wait time.Duration) *fault.Fault {
	switch {
	case status == http.StatusTooManyRequests || status >= 500 || e.Code == "temporarily_unavailable" || e.has(50196):
		return fault.New(fault.Busy, "The sign-in service is busy.", e).After(wait)
	case e.Code == "invalid_client" || e.has(7000215, 7000222, 700027, 700025, 70002):
		return fault.New(fault.Misconfigured,
			"Image Pro's own credential was refused by Entra ID. Its operator has to renew it.", e)
	case e.Suberror == "consent_required" || e.has(65001, 65004, adminConsent, 650052, 650056, 650057):
		return fault.New(fault.Consent, "Image Pro needs consent to read and write your organization's libraries.", e)
	case e.Claims != "" || e.Code == "interaction_required" || e.has(50076, 50079, 50158):
		challenge := fault.New(fault.SignIn, "Your organization asks for another sign-in step.", e)
		challenge.Claims = e.Claims
		return challenge
	case e.has(500133, 50013):
		return fault.New(fault.Unauthorized, "The access token has expired.", e)
	case e.has(50105):
		return fault.New(fault.NotSetUp,
			"Image Pro is not assigned to you in your organization. An administrator can do that.", e)
	case e.Code == "unauthorized_client" || e.has(700016, 500011, tenantUnknown, 7000112, 70001):
		return fault.New(fault.NotSetUp, "Image Pro is not set up in your organization. An administrator can add it.",
			e)
	case e.Code == "invalid_grant":
		return fault.New(fault.SignIn, sessionEnded, e)
	default:
		return fault.New(fault.Internal, "The sign-in service refused the request.", e)
	}
}
