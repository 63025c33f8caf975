package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// AccountName is the name of a storage account.
type AccountName string

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// UnmarshalText takes 3 to 24 lower-case letters and digits.
func (a *AccountName) UnmarshalText(text []byte) error {
	if !accountName.Match(text) {
		return fmt.Errorf("%q is not the name of a storage account: 3 to 24 lower-case letters and digits", text)
	}
	*a = AccountName(text)
	return nil
}

// Endpoints are the https addresses of the services of a storage account, without a trailing slash.
type Endpoints struct{ Blobs, Queues, Tables string }

// StorageEndpoints returns where the account is that is reached with the managed identity, and whether it is: otherwise
// there is a connection string.
func (c Config) StorageEndpoints() (Endpoints, bool) {
	switch {
	case c.StorageAccount != "":
		of := func(service string) string {
			return "https://" + string(c.StorageAccount) + "." + service + "." + c.Cloud.Hosts().Storage
		}
		return Endpoints{of("blob"), of("queue"), of("table")}, true
	case c.StorageBlobs != "":
		return Endpoints{string(c.StorageBlobs), string(c.StorageQueues), string(c.StorageTables)}, true
	}
	return Endpoints{}, false
}

// StorageIdentity is the managed identity that reaches the account.
func (c Config) StorageIdentity() Identity {
	if c.StorageClientID != "" {
		return Identity(c.StorageClientID)
	}
	return SystemIdentity
}

// checkStorage wants exactly one way to the account: a connection string, its name, or the addresses of its three
// services.
func (c Config) checkStorage(getenv func(string) string) []error {
	var faults []error
	addresses := []struct {
		name, service string
		url           CloudURL
	}{
		{"AzureWebJobsStorage__blobServiceUri", "blob", c.StorageBlobs},
		{"AzureWebJobsStorage__queueServiceUri", "queue", c.StorageQueues},
		{"AzureWebJobsStorage__tableServiceUri", "table", c.StorageTables},
	}
	ways, set := 0, 0
	for _, name := range []string{"AzureWebJobsStorage", "AzureWebJobsStorage__accountName"} {
		if getenv(name) != "" {
			ways++
		}
	}
	for _, one := range addresses {
		if getenv(one.name) != "" {
			set++
		}
	}
	if set > 0 {
		ways++
	}
	if ways != 1 {
		faults = append(faults,
			fmt.Errorf(
				"setting AzureWebJobsStorage: exactly one of AzureWebJobsStorage, AzureWebJobsStorage__accountName "+
					"and the three AzureWebJobsStorage__...ServiceUri must be set, not %d", ways))
	}
	for _, one := range addresses {
		switch err := c.checkEndpoint(one.service, one.url); {
		case set > 0 && getenv(one.name) == "":
			faults = append(faults, fmt.Errorf("setting %s: is not set: all three addresses are, or none", one.name))
		case err != nil:
			faults = append(faults, fmt.Errorf("setting %s: %w", one.name, err))
		}
	}
	if c.StorageClientID != "" && getenv("AzureWebJobsStorage") != "" {
		faults = append(faults,
			errors.New("setting AzureWebJobsStorage__clientId: there is no identity beside a connection string"))
	}
	return faults
}

// checkEndpoint refuses hosts that are no storage account of the cloud: records and tokens must not go elsewhere.
func (c Config) checkEndpoint(service string, endpoint CloudURL) error {
	u, err := url.Parse(string(endpoint))
	if err != nil || endpoint == "" {
		return err
	}
	if loopback(u.Hostname()) {
		if !c.Development() {
			return errors.New("a loopback address is taken only when AZURE_FUNCTIONS_ENVIRONMENT is Development")
		}
		return nil
	}
	end := "." + service + "." + c.Cloud.Hosts().Storage
	account, found := strings.CutSuffix(u.Host, end)
	if !found || !accountName.MatchString(account) || u.Path != "" {
		return fmt.Errorf("%q is not https://<account>%s, which IMAGEPRO_CLOUD=%s uses", endpoint, end, c.Cloud)
	}
	return nil
}
