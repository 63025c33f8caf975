package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// Credential is how the application proves itself to Entra. Exactly one member is set.
type Credential struct {
	Secret      secret.Text // client secret
	Certificate secret.Text // PEM: one RSA private key, unencrypted, with its certificate
	// Identity is a managed identity that the registration trusts (workload identity federation): a client id,
	// or SystemIdentity.
	Identity string
}

// SystemIdentity is the identity of the function app itself.
const SystemIdentity = "system"

const credentialUseless = "The application's credential cannot be used."

// confidential returns the credential in MSAL's form. It reaches no network. Its errors never quote it.
func (c Credential) confidential(host string) (confidential.Credential, error) {
	switch {
	case !c.Secret.Empty():
		return confidential.NewCredFromSecret(c.Secret.Reveal())
	case !c.Certificate.Empty():
		certificates, key, err := confidential.CertFromPEM([]byte(c.Certificate.Reveal()), "")
		if err != nil {
			return confidential.Credential{},
				fault.New(fault.Misconfigured, credentialUseless,
					errors.New("the PEM holds no private key with its certificate"))
		}
		return confidential.NewCredFromCert(certificates, key)
	case c.Identity != "":
		return c.federated(host)
	}
	return confidential.Credential{}, fault.New(fault.Misconfigured, credentialUseless, errors.New("there is none"))
}

// federated returns a credential whose assertions are tokens of the managed identity. MSAL keeps them until
// they expire.
func (c Credential) federated(host string) (confidential.Credential, error) {
	client, err := identityClient(c.Identity)
	if err != nil {
		return confidential.Credential{}, err
	}
	resource := exchangeAudience(host)
	return confidential.NewCredFromAssertionCallback(func(
		ctx context.Context, _ confidential.AssertionRequestOptions,
	) (string, error) {
		token, err := client.AcquireToken(ctx, resource)
		if err != nil {
			return "", identityFault(err)
		}
		return token.AccessToken, nil
	}), nil
}

// identityFault says whether the endpoint of identities refused, or was away. MSAL's texts are dropped: they may
// hold the answer.
func identityFault(err error) *fault.Fault {
	var call msal.CallErr
	if errors.As(err, &call) && call.Resp != nil && call.Resp.StatusCode < http.StatusInternalServerError &&
		call.Resp.StatusCode != http.StatusTooManyRequests {
		return fault.New(fault.Misconfigured, "The managed identity gave no token. The operator has to look at it.",
			fmt.Errorf("managed identity: answered %d", call.Resp.StatusCode))
	}
	return fault.New(fault.Busy, "The managed identity cannot be reached.", fmt.Errorf("managed identity: %T", err))
}

// exchangeAudience is what tokens for federation are issued for in the cloud of an authority
// (https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity).
func exchangeAudience(host string) string {
	switch {
	case strings.HasSuffix(host, ".us"):
		return "api://AzureADTokenExchangeUSGov"
	case strings.HasSuffix(host, ".cn"):
		return "api://AzureADTokenExchangeChina"
	}
	return "api://AzureADTokenExchange"
}
