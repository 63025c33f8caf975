package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// asCaller marks the context with the caller: for whom Graph's transport asks a token, and whose tenant's turn it is.
func asCaller(ctx context.Context, who caller.Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, who)
}

type callerKey struct{}

// authorized adds the caller's token, answers a refusal or a claims challenge (continuous access evaluation) with
// a fresh one, once, and turns answers that are errors into faults, for the SDK and for plain requests alike.
type authorized struct {
	tokens Tokens
	host   string // of Graph: tokens go nowhere else
	base   http.RoundTripper
	now    func() time.Time
}

func (a *authorized) RoundTrip(request *http.Request) (*http.Response, error) {
	who, ok := request.Context().Value(callerKey{}).(caller.Caller)
	if !ok || request.URL.Host != a.host || request.URL.Scheme != "https" {
		drop(request)
		return nil, fault.New(fault.Internal, "A request was about to leave without its owner.",
			fmt.Errorf("%s %s", request.Method, request.URL.Host))
	}
	if slices.ContainsFunc(strings.Split(request.URL.Path, "/"), func(part string) bool {
		return part == "." || part == ".."
	}) {
		drop(request)
		return nil, fault.New(fault.Invalid, "An id cannot be . or ..", nil) // which would name something else
	}
	token, response, err := a.send(request, who, "")
	if err != nil {
		return nil, err
	}
	claims := challenge(response)
	if refused := response.StatusCode == http.StatusUnauthorized; refused || claims != "" {
		if refused {
			a.tokens.Refused(who, token)
		}
		if again, ok := retry.Rewind(request); ok {
			retry.Discard(response)
			if _, response, err = a.send(again, who, claims); err != nil {
				return nil, err
			}
		}
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer retry.Discard(response)
	return nil, faultOf(response, a.now())
}

// send sends the request with a token, which it returns.
func (a *authorized) send(
	request *http.Request, who caller.Caller, claims string,
) (secret.Text, *http.Response, error) {
	token, err := a.tokens.Token(request.Context(), who, claims)
	if err != nil {
		drop(request)
		return token, nil, err
	}
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("User-Agent", userAgent)
	response, err := a.base.RoundTrip(request)
	return token, response, err
}

// drop closes the body of a request that is not sent, as a RoundTripper must.
func drop(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

var claimsParameter = regexp.MustCompile(`\bclaims="([A-Za-z0-9+/_=-]+)"`)

// challenge returns the claims, a JSON object, that a refusal asks for; empty if there are none. It comes with
// 401, now and then with 403 (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
func challenge(response *http.Response) string {
	if response.StatusCode != http.StatusUnauthorized && response.StatusCode != http.StatusForbidden {
		return ""
	}
	for _, header := range response.Header.Values("WWW-Authenticate") {
		found := claimsParameter.FindStringSubmatch(header)
		if found == nil {
			continue
		}
		text := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(found[1]), "=")
		claims, err := base64.RawStdEncoding.DecodeString(text)
		var object map[string]any
		if err == nil && json.Unmarshal(claims, &object) == nil && object != nil {
			return string(claims)
		}
	}
	return ""
}

// graphError is the error body of Graph
// (https://learn.microsoft.com/graph/errors). Its message may name files and people and is left out.
type graphError struct {
	status  int
	codes   []string // outermost first
	request string   // Graph's request id, for its support
	malware bool
}

func (e graphError) Error() string {
	return fmt.Sprintf("graph answered %d %s (request id %s)", e.status, strings.Join(e.codes, "/"), e.request)
}

func (e graphError) has(code string) bool {
	for _, have := range e.codes {
		if strings.EqualFold(have, code) {
			return true
		}
	}
	return false
}

const errorMaxBytes = 64 << 10

func readError(response *http.Response) graphError {
	e := graphError{
		status:  response.StatusCode,
		request: response.Header.Get("request-id"),
		malware: response.Header.Get("X-Virus-Infected") != "",
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, errorMaxBytes))
	if err != nil {
		return e
	}
	var answer struct {
		Error *errorNode `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return e
	}
	for node := answer.Error; node != nil && len(e.codes) < 10; node = node.Inner {
		if node.Code != "" {
			e.codes = append(e.codes, node.Code)
			e.malware = e.malware || node.Code == "malwareDetected" || node.Code == "virusSuspicious"
		}
	}
	return e
}

// errorNode is one level of the error; encoding/json matches both innerError and innererror.
type errorNode struct {
	Code  string     `json:"code"`
	Inner *errorNode `json:"innerError"`
}

// faultOf says what an error answer means for the user. It branches on the status, since the codes vary.
func faultOf(response *http.Response, now time.Time) *fault.Fault {
	e, claims := readError(response), challenge(response)
	switch {
	case e.malware:
		return fault.New(fault.Forbidden, "SharePoint holds this file back because it may contain malware.", e)
	case e.status == http.StatusUnauthorized || claims != "":
		f := fault.New(fault.SignIn, "SharePoint did not accept your sign-in. Open Image Pro again to go on.", e)
		f.Claims = claims
		return f
	case e.status == http.StatusForbidden:
		return fault.New(fault.Forbidden, "You may not do this in this library.", e)
	case e.status == http.StatusNotFound || e.status == http.StatusGone:
		return fault.New(fault.NotFound, "It is not there, or you may not see it.", e)
	case e.status == http.StatusConflict && e.has("nameAlreadyExists"):
		return fault.New(fault.Conflict, "A file with this name is there already.", e)
	case e.status == http.StatusConflict && e.has("resourceModified"):
		// Comes when writes follow each other quickly, whether or not the tag still holds; the next try's If-Match
		// tells (https://github.com/OneDrive/onedrive-api-docs/issues/1143).
		return fault.New(fault.Busy, "The file is just being changed. Try again in a moment.", e)
	case e.status == http.StatusConflict || e.status == http.StatusPreconditionFailed:
		return fault.New(fault.Conflict, "The file was changed meanwhile.", e)
	case e.status == http.StatusLocked:
		return fault.New(fault.Locked, "The file is checked out or locked by somebody.", e)
	case e.status == http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "The file is too large for SharePoint.", e)
	case e.status == http.StatusInsufficientStorage:
		return fault.New(fault.Full, "The library has no space left.", e)
	case e.status == http.StatusTooManyRequests || e.status >= 500:
		return fault.New(fault.Busy, "SharePoint is busy.", e).After(retry.After(response.Header, now))
	case e.status == http.StatusBadRequest && (e.has("pathIsTooLong") || e.has("pathTooDeep")):
		return fault.New(fault.Invalid, "The path of the file would be longer than SharePoint takes: 400 characters.",
			e)
	case e.status == http.StatusBadRequest && (e.has("invalidResourceId") || e.has("nameContainsInvalidCharacters")):
		return fault.New(fault.Invalid, "SharePoint does not take this name.", e)
	case e.status == http.StatusBadRequest:
		return fault.New(fault.Invalid, "SharePoint did not understand the request; an id or a name may be wrong.", e)
	default:
		return fault.New(fault.Internal, "SharePoint gave an answer that Image Pro does not know.", e)
	}
}
