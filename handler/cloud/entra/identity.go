package entra

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"imagepro/handler/fault"
)

// Identity is the managed identity of the function app in the form that Azure's SDKs take. MSAL keeps its tokens until
// they expire.
type Identity struct{ client managedidentity.Client }

var _ azcore.TokenCredential = (*Identity)(nil)

// NewIdentity returns the identity with a client id, or the function app's own for SystemIdentity. It reaches no
// network.
func NewIdentity(id string) (*Identity, error) {
	client, err := identityClient(id)
	if err != nil {
		return nil, err
	}
	return &Identity{client}, nil
}

// identityClient asks the endpoint that the platform names in IDENTITY_ENDPOINT, which MSAL reads.
func identityClient(id string) (managedidentity.Client, error) {
	var which managedidentity.ID = managedidentity.UserAssignedClientID(id)
	if id == SystemIdentity {
		which = managedidentity.SystemAssigned()
	}
	client, err := managedidentity.New(which, managedidentity.WithHTTPClient(&http.Client{Timeout: entraTimeout}))
	if err != nil {
		return client, fault.New(fault.Misconfigured, credentialUseless, fmt.Errorf("managed identity: %T", err))
	}
	return client, nil
}

// GetToken implements azcore.TokenCredential. Its faults: Misconfigured, Busy.
func (i *Identity) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(options.Scopes) != 1 {
		return azcore.AccessToken{},
			fault.Newf(fault.Internal, "A token is for one resource, not %d.", len(options.Scopes))
	}
	// identities are asked for a resource, not a scope
	result, err := i.client.AcquireToken(ctx, strings.TrimSuffix(options.Scopes[0], "/.default"))
	if err != nil {
		return azcore.AccessToken{}, identityFault(err)
	}
	return azcore.AccessToken{Token: result.AccessToken, ExpiresOn: result.ExpiresOn}, nil
}
