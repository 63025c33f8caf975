package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"imagepro/handler/cloud/queue"
)

// identity reaches a storage account with the managed identity of the function app, as the host does where a connection
// is given by settings such as AzureWebJobsStorage__queueServiceUri
// (https://learn.microsoft.com/azure/azure-functions/functions-reference#connections).
type identity struct {
	queues   string // address of the queue service
	clientID string // of a user-assigned identity; "" for the app's own
	endpoint string // IDENTITY_ENDPOINT
	header   string // IDENTITY_HEADER
	roots    string // SSL_CERT_FILE; "" for the machine's own
}

// identityOf reads the settings of a connection; false if none names an account.
func identityOf(env environment, setting string) (identity, bool) {
	i := identity{
		queues:   env[setting+"__queueServiceUri"],
		clientID: env[setting+"__clientId"],
		endpoint: env["IDENTITY_ENDPOINT"],
		header:   env["IDENTITY_HEADER"],
		roots:    env["SSL_CERT_FILE"],
	}
	if name := env[setting+"__accountName"]; name != "" {
		i.queues = "https://" + name + ".queue.core.windows.net"
	}
	return i, i.queues != ""
}

// open returns the queue service.
func (i identity) open() (*queue.Service, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if i.roots != "" {
		text, err := os.ReadFile(i.roots)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(text)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return queue.OpenThrough(i.queues, i.token, &http.Client{Transport: transport})
}

// token asks the platform's endpoint for a token
// (https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference).
func (i identity) token(ctx context.Context, resource string) (token string, expires time.Time, err error) {
	query := url.Values{"api-version": {"2019-08-01"}, "resource": {resource}}
	if i.clientID != "" {
		query.Set("client_id", i.clientID)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.endpoint+"?"+query.Encode(), nil)
	if err != nil {
		return "", expires, err
	}
	request.Header.Set("X-IDENTITY-HEADER", i.header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", expires, err
	}
	defer response.Body.Close()
	var answer struct {
		Token   string `json:"access_token"`
		Expires string `json:"expires_on"`
	}
	if response.StatusCode != http.StatusOK {
		return "", expires, fmt.Errorf("host: the managed identity gave no token: status %d", response.StatusCode)
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", expires, err
	}
	at, err := strconv.ParseInt(answer.Expires, 10, 64)
	return answer.Token, time.Unix(at, 0), err
}
