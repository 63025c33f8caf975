package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

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
func (t *Tokens) faultOf(err error) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	var invalid msal.InvalidJsonErr
	if errors.As(err, &invalid) { // something between Entra and us
		return fault.New(fault.Busy, "The sign-in service did not answer as expected.", errors.New("the token response is no valid JSON"))
	}
	var call msal.CallErr
	if !errors.As(err, &call) || call.Resp == nil {
		return fault.New(fault.Internal, "The sign-in service did not answer as expected.", fmt.Errorf("the token library failed with %T", err))
	}
	body, readErr := io.ReadAll(io.LimitReader(call.Resp.Body, tokenResponseMaxBytes))
	var answer tokenError
	if readErr != nil || json.Unmarshal(body, &answer) != nil {
		answer = tokenError{Code: http.StatusText(call.Resp.StatusCode)}
	}
	return classify(call.Resp.StatusCode, answer, retry.After(call.Resp.Header, t.options.Now()))
}

// classify says what a refusal means: by the error and suberror where they tell, else by the code.
func classify(status int, e tokenError, wait time.Duration) *fault.Fault {
	switch {
	case status == http.StatusTooManyRequests || status >= 500 || e.Code == "temporarily_unavailable" || e.has(50196):
		return fault.New(fault.Busy, "The sign-in service is busy.", e).After(wait)
	case e.Code == "invalid_client" || e.has(7000215, 7000222, 700027, 700025, 70002):
		return fault.New(fault.Misconfigured, "Image Pro's own credential was refused by Entra ID. Its operator has to renew it.", e)
	case e.Suberror == "consent_required" || e.has(65001, 65004, 90094, 650052, 650056, 650057):
		return fault.New(fault.Consent, "Image Pro needs consent to read and write your organization's libraries.", e)
	case e.Claims != "" || e.Code == "interaction_required" || e.has(50076, 50079, 50158):
		challenge := fault.New(fault.SignIn, "Your organization asks for another sign-in step.", e)
		challenge.Claims = e.Claims
		return challenge
	case e.has(500133, 50013):
		return fault.New(fault.Unauthorized, "The access token has expired.", e)
	case e.Code == "unauthorized_client" || e.has(700016, 500011, 90002, 7000112, 70001):
		return fault.New(fault.Forbidden, "Image Pro is not set up in your organization. An administrator can add it.", e)
	case e.Code == "invalid_grant":
		return fault.New(fault.SignIn, "Your session has ended. Open Image Pro again to go on.", e)
	default:
		return fault.New(fault.Internal, "The sign-in service refused the request.", e)
	}
}
