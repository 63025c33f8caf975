package entra

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// refusal is an error that a client is told.
type refusal struct {
	status     int
	code       int // AADSTS…
	word       string
	suberror   string
	text       string // without the AADSTS prefix
	claims     string // a claims challenge as JSON
	retryAfter time.Duration
}

// refuse returns the refusal with an AADSTS code; args fill the verbs of its text.
func refuse(code int, args ...any) *refusal {
	r, ok := refusals[code]
	if !ok {
		r = refusal{status: 400, word: "invalid_grant", text: "This error has no text."}
	}
	r.code = code
	if len(args) > 0 {
		r.text = fmt.Sprintf(r.text, args...)
	}
	return &r
}

// unfilled matches the verbs of a text that was forced and so has nothing to fill them.
var unfilled = regexp.MustCompile(`%[a-z]`)

// refusals are the errors of the token endpoint and the pages by AADSTS code: status, error, suberror and
// text. Sources: https://learn.microsoft.com/entra/identity-platform/reference-error-codes for codes and
// error words; answers that users of the service have published for statuses and suberrors.
var refusals = map[int]refusal{
	// The user has to consent, or an administrator.
	65001: {
		status:   400,
		word:     "invalid_grant",
		suberror: "consent_required",
		text: "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send " +
			"an interactive authorization request for this user and resource.",
	},
	65004: {
		status:   400,
		word:     "invalid_grant",
		suberror: "consent_required",
		text:     "User declined to consent to access the app.",
	},
	90094: {
		status:   400,
		word:     "invalid_grant",
		suberror: "consent_required",
		text:     "Administrator consent is required for the permissions requested by this application.",
	},
	650052: {
		status:   400,
		word:     "invalid_grant",
		suberror: "consent_required",
		text: "The app needs access to a service that your organization has not subscribed to or enabled. " +
			"Contact your IT Admin to review the configuration of your service subscriptions.",
	},
	650056: {
		status:   400,
		word:     "invalid_grant",
		suberror: "consent_required",
		text: "Misconfigured application. The client has not listed any permissions in its registration, or the " +
			"administrator has not consented in the tenant.",
	},
	650057: {status: 400, word: "invalid_resource",
		text: "Invalid resource. The client has requested access to a resource which is not listed in the requested " +
			"permissions in the client's application registration. Client app ID: %s. Resource value from " +
			"request: %s."},

	// The user has to prove more, or is not let in from here.
	50058: {status: 400, word: "login_required", text: "A silent sign-in request was sent but no user is signed in."},
	50072: {
		status:   400,
		word:     "interaction_required",
		suberror: "basic_action",
		text: "Due to a configuration change made by your administrator, or because you moved to a new " +
			"location, you must enroll in multi-factor authentication to access '%s'.",
	},
	50076: {
		status:   400,
		word:     "interaction_required",
		suberror: "basic_action",
		text: "Due to a configuration change made by your administrator, or because you moved to a new " +
			"location, you must use multi-factor authentication to access '%s'.",
	},
	50079: {
		status:   400,
		word:     "interaction_required",
		suberror: "basic_action",
		text: "Due to a configuration change made by your administrator, or because you moved to a new " +
			"location, you must enroll in multi-factor authentication to access '%s'.",
	},
	50158: {
		status:   400,
		word:     "interaction_required",
		suberror: "basic_action",
		text:     "External security challenge was not satisfied for '%s'.",
	},
	53000: {
		status:   400,
		word:     "interaction_required",
		suberror: "message_only",
		text:     "Device is not in required device state: compliant. Access to '%s' needs a managed device.",
	},
	53001: {
		status:   400,
		word:     "interaction_required",
		suberror: "message_only",
		text:     "Device is not in required device state: domain_joined. Access to '%s' needs a domain joined device.",
	},
	53002: {
		status:   400,
		word:     "interaction_required",
		suberror: "message_only",
		text:     "The application used is not an approved application for Conditional Access to '%s'.",
	},
	53003: {
		status:   400,
		word:     "invalid_grant",
		suberror: "message_only",
		text: "Access to '%s' has been blocked by Conditional Access policies. The access policy does not allow " +
			"token issuance.",
	},
	53004: {
		status:   400,
		word:     "invalid_grant",
		suberror: "message_only",
		text:     "User needs to complete the multi-factor authentication registration process before accessing '%s'.",
	},
	530035: {
		status:   400,
		word:     "invalid_grant",
		suberror: "message_only",
		text: "Access to '%s' has been blocked by security defaults. The request is deemed unsafe by security " +
			"defaults policies.",
	},

	// The assertion of an on-behalf-of request.
	50013: {status: 400, word: "invalid_grant", text: "Assertion failed signature validation. [Reason - %s]"},
	50020: {status: 400, word: "invalid_grant",
		text: "User account '%s' from identity provider '%s' does not exist in tenant '%s' and cannot access the " +
			"application '%s' in that tenant."},
	50027: {status: 400, word: "invalid_request", text: "Invalid JWT token. Token format not valid."},
	500131: {status: 400, word: "invalid_grant",
		text: "Assertion audience does not match the Client app presenting the assertion. The audience in the " +
			"assertion was '%s' and the expected audience is '%s' or one of the Application Uris of this application."},
	500133: {status: 400, word: "invalid_grant",
		text: "Assertion is not within its valid time range. Ensure that the access token is not expired before " +
			"using it for user assertion, or request a new token. Current time: %s, expiry time of assertion %s."},
	240002: {status: 400, word: "invalid_grant",
		text: "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."},
	7000114: {status: 400, word: "unauthorized_client",
		text: "Application '%s' is not allowed to make application on-behalf-of calls."},

	// The refresh token, the code or the user behind it.
	50034: {status: 400, word: "invalid_grant",
		text: "The user account %s does not exist in the %s directory. To sign into this application, the account " +
			"must be added to the directory."},
	50057: {status: 400, word: "invalid_grant", text: "The user account is disabled."},
	50148: {status: 400, word: "invalid_grant",
		text: "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."},
	501481: {status: 400, word: "invalid_grant",
		text: "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	50173: {
		status:   400,
		word:     "invalid_grant",
		suberror: "bad_token",
		text: "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user " +
			"might have changed or reset their password. The grant was issued on '%s' and the TokensValidFrom date " +
			"(before which tokens are not valid) for this user is '%s'.",
	},
	54005: {status: 400, word: "invalid_grant",
		text: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an " +
			"existing refresh token."},
	70000: {
		status:   400,
		word:     "invalid_grant",
		suberror: "bad_token",
		text:     "Provided grant is invalid or malformed.",
	},
	70008: {
		status:   400,
		word:     "invalid_grant",
		suberror: "token_expired",
		text: "The provided authorization code or refresh token has expired due to inactivity. Send a new " +
			"interactive authorization request for this user and resource.",
	},
	70043: {
		status:   400,
		word:     "invalid_grant",
		suberror: "token_expired",
		text: "The refresh token has expired or is invalid due to sign-in frequency checks by conditional " +
			"access. The token was issued on %s and the maximum allowed lifetime for this request is %s.",
	},
	700082: {
		status:   400,
		word:     "invalid_grant",
		suberror: "token_expired",
		text: "The refresh token has expired due to inactivity. The token was issued on %s and was " +
			"inactive for %s.",
	},
	700084: {
		status:   400,
		word:     "invalid_grant",
		suberror: "token_expired",
		text: "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited " +
			"lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be " +
			"sent by the SPA to the sign in page. The token was issued on %s.",
	},
	500112: {status: 401, word: "invalid_client",
		text: "The reply address '%s' does not match the reply address '%s' provided when requesting " +
			"Authorization code."},
	1002012: {status: 400, word: "invalid_scope",
		text: "The provided value for scope %s is not valid. Client credential flows must have a scope value with " +
			"/.default suffixed to the resource identifier (application ID URI)."},

	// The application, the tenant and the resource.
	50001: {status: 400, word: "invalid_resource", text: "The resource is disabled or does not exist."},
	50011: {status: 400, word: "invalid_request",
		text: "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the " +
			"application '%s'."},
	50049: {status: 400, word: "invalid_instance", text: "Unknown or invalid instance."},
	50059: {status: 400, word: "invalid_request",
		text: "No tenant-identifying information found in either the request or implied by any provided credentials."},
	500011: {status: 400, word: "invalid_resource",
		text: "The resource principal named %s was not found in the tenant named %s. This can happen if the " +
			"application has not been installed by the administrator of the tenant or consented to by any user in " +
			"the tenant. You might have sent your authentication request to the wrong tenant."},
	700016: {status: 400, word: "unauthorized_client",
		text: "Application with identifier '%s' was not found in the directory '%s'. This can happen if the " +
			"application has not been installed by the administrator of the tenant or consented to by any user in " +
			"the tenant. You may have sent your authentication request to the wrong tenant."},
	70001: {status: 400, word: "unauthorized_client",
		text: "The application named '%s' was not found in the tenant named '%s', or is disabled there."},
	7000112: {status: 400, word: "unauthorized_client", text: "Application '%s'(%s) is disabled."},
	7000229: {status: 400, word: "unauthorized_client",
		text: "The client application %s is missing service principal in the tenant %s."},
	90002: {status: 400, word: "invalid_request",
		text: "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the " +
			"correct cloud. Check with your subscription administrator, this may happen if there are no active " +
			"subscriptions for the tenant."},
	900023: {status: 400, word: "invalid_request",
		text: "Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain."},

	// The client's own credential.
	70002: {status: 401, word: "invalid_client",
		text: "Error validating credentials. The client does not exist or is not enabled for consumers."},
	700021: {status: 401, word: "invalid_client",
		text: "Client assertion application identifier doesn't match 'client_id' parameter."},
	700023: {status: 401, word: "invalid_client",
		text: "Client assertion audience claim does not match Realm issuer."},
	700024: {status: 401, word: "invalid_client",
		text: "Client assertion is not within its valid time range. Current time: %s, expiry time of assertion %s."},
	700025: {status: 401, word: "invalid_client",
		text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	700027: {status: 401, word: "invalid_client", text: "Client assertion failed signature validation. [Reason - %s]"},
	700211: {status: 401, word: "invalid_client",
		text: "No matching federated identity record found for presented assertion issuer '%s'."},
	700212: {status: 401, word: "invalid_client",
		text: "No matching federated identity record found for presented assertion audience '%s'."},
	700213: {status: 401, word: "invalid_client",
		text: "No matching federated identity record found for presented assertion subject '%s'."},
	7000215: {status: 401, word: "invalid_client",
		text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret " +
			"value, not the client secret ID, for a secret added to app '%s'."},
	7000218: {status: 401, word: "invalid_client",
		text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	7000222: {status: 401, word: "invalid_client", text: "The provided client secret keys for app '%s' are expired."},

	// The form of the request.
	28000: {status: 400, word: "invalid_scope",
		text: "Provided value for the input parameter scope is not valid because it contains more than one " +
			"resource. Scope %s is not valid."},
	501491: {status: 400, word: "invalid_request", text: "Invalid size of Code_Challenge parameter."},
	70003:  {status: 400, word: "unsupported_grant_type", text: "The app requested an unsupported grant type '%s'."},
	70007: {status: 400, word: "invalid_request",
		text: "'%s' is not a supported value of '%s' when requesting a token."},
	70011: {status: 400, word: "invalid_scope",
		text: "The provided value for the input parameter 'scope' is not valid. The scope %s is not valid."},
	700054: {status: 400, word: "unsupported_response_type",
		text: "response_type '%s' is not enabled for the application."},
	90014: {status: 400, word: "invalid_request", text: "The required field '%s' is missing."},
	90023: {status: 400, word: "invalid_request", text: "The authentication service request is not valid: %s."},
	900144: {status: 400, word: "invalid_request",
		text: "The request body must contain the following parameter: '%s'."},
	900561: {status: 400, word: "invalid_request",
		text: "The endpoint only accepts POST requests. Received a %s request."},
	9000411: {status: 400, word: "invalid_request",
		text: "The request is not properly formatted. The parameter '%s' is duplicated."},
	9002326: {status: 400, word: "invalid_request",
		text: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type."},
	9002327: {status: 400, word: "invalid_request",
		text: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via " +
			"cross-origin requests."},
	9002313: {status: 400, word: "invalid_request", text: "Invalid request. Request is malformed or invalid."},

	// The service is not well. These come when they are forced.
	50196: {status: 400, word: "invalid_grant",
		text: "The server terminated an operation because it encountered a client request loop."},
	90006: {status: 503, word: "temporarily_unavailable",
		text: "The service is temporarily unavailable. Please retry later."},
	90033: {status: 503, word: "temporarily_unavailable", text: "A transient error has occurred. Please try again."},
	90055: {status: 429, word: "temporarily_unavailable", text: "There are too many incoming requests."},
}

// timestamp is the form of times in errors.
const timestamp = "2006-01-02 15:04:05Z"

// body is the JSON of a refusal. The ids are those of the request.
func (e *Entra) body(r *refusal, trace, correlation string) map[string]any {
	now := e.now().UTC().Format(timestamp)
	fields := map[string]any{
		"error":             r.word,
		"error_description": r.description(trace, correlation, now),
		"error_codes":       []int{r.code},
		"timestamp":         now,
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         e.base + "/error?code=" + strconv.Itoa(r.code),
	}
	if r.suberror != "" {
		fields["suberror"] = r.suberror
	}
	if r.claims != "" {
		fields["claims"] = r.claims
	}
	return fields
}

func (r *refusal) description(trace, correlation, now string) string {
	return fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		r.code, unfilled.ReplaceAllString(r.text, "-"), trace, correlation, now)
}

var guidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// correlation is the id that the client sent, or a new one.
func correlation(r *http.Request) string {
	for _, id := range []string{r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id")} {
		if guidForm.MatchString(id) {
			return strings.ToLower(id)
		}
	}
	return directory.NewID()
}

// refuse answers a request to an endpoint for machines.
func (e *Entra) refuse(w http.ResponseWriter, req *http.Request, r *refusal) {
	trace := directory.NewID()
	e.options.Log.Debug("entra: refused", "path", req.URL.Path, "code", r.code, "error", r.word)
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	w.Header().Set("x-ms-request-id", trace)
	if r.code == 0 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(r.status)
		_, _ = fmt.Fprintf(w, "<html><head><title>%[1]s</title></head><body><h2>%[1]s</h2></body></html>\n",
			http.StatusText(r.status))
		return
	}
	writeJSON(w, req, r.status, e.body(r, trace, correlation(req)))
}

// writeJSON answers with a document that nobody may cache, unless the caller has said otherwise.
func writeJSON(w http.ResponseWriter, req *http.Request, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store, no-cache")
		w.Header().Set("Pragma", "no-cache")
		w.Header().Set("Expires", "-1")
	}
	if strings.EqualFold(req.Header.Get("Return-Client-Request-Id"), "true") {
		w.Header().Set("client-request-id", correlation(req))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no answer
}

// explain is the page that error_uri names.
func explain(w http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(r.URL.Query().Get("code"))
	known, ok := refusals[code]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "AADSTS%d: %s (%s)\n", code, unfilled.ReplaceAllString(known.text, "-"), known.word)
}
