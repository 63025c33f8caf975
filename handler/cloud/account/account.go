// Package account is what the services of one storage account have in common: its connection string, how
// often a request is tried, and what errors mean.
//
// It does not know what is stored.
package account

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"imagepro/handler/fault"
)

// development is what UseDevelopmentStorage=true stands for: the emulator on its usual ports with its
// published key (https://learn.microsoft.com/azure/storage/common/storage-use-azurite).
const development = "AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;" +
	"QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;" +
	"TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"

// Expand returns the connection string in a form that the SDKs of all three services take: they do not know
// UseDevelopmentStorage=true, and white space around the text breaks them.
func Expand(connectionString string) string {
	text := strings.TrimSpace(connectionString)
	if strings.EqualFold(strings.TrimRight(text, "; "), "UseDevelopmentStorage=true") {
		return development
	}
	return text
}

// Unusable is the fault for a connection string that an SDK refused. It leaves out the SDK's own error, whose
// text may quote the connection string.
func Unusable() error {
	return fault.New(fault.Misconfigured, "The storage account's connection string cannot be used.", nil)
}

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// CheckIDs refuses ids that come from outside and could leave their place in a key or a name: NotFound.
func CheckIDs(ids ...string) error {
	for _, id := range ids {
		if !idPattern.MatchString(id) {
			// which may be anything
			return fault.New(fault.NotFound, sentences[fault.NotFound], errors.New("a part of the key is no id"))
		}
	}
	return nil
}

// connections is how many to one service are kept open: about as many requests as one process serves at once. The
// SDK's own transport keeps ten, and opens a new one for every request beyond them.
const connections = 256

// Around puts something around the transport of a client, such as what measures.
type Around func(http.RoundTripper) http.RoundTripper

// Options are the SDK's own with a bound on each try, so that a connection that died silently is noticed
// before the host's functionTimeout. Four tries take about five seconds where a service refuses at once.
func Options(around ...Around) azcore.ClientOptions {
	direct := http.DefaultTransport.(*http.Transport).Clone()
	direct.MaxIdleConns, direct.MaxIdleConnsPerHost = connections, connections
	var transport http.RoundTripper = direct
	for _, wrap := range around {
		transport = wrap(transport)
	}
	return azcore.ClientOptions{
		Transport: &http.Client{Transport: transport},
		Retry: policy.RetryOptions{TryTimeout: 20 * time.Second, RetryDelay: 500 * time.Millisecond,
			MaxRetryDelay: 5 * time.Second},
		PerCallPolicies: []policy.Policy{ownScheme{}},
	}
}

// ownScheme cuts the scheme out of a request's address. net/http keeps the scheme of a connection's first request
// for as long as the connection lives: as a piece of that address it would keep all of it in memory, and addresses
// of records and blobs hold ids of users.
type ownScheme struct{}

// Do implements policy.Policy.
func (ownScheme) Do(request *policy.Request) (*http.Response, error) {
	address := request.Raw().URL
	address.Scheme, address.Host = strings.Clone(address.Scheme), strings.Clone(address.Host)
	return request.Next()
}
