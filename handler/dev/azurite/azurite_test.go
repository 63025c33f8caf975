package azurite_test

import (
	"net/http"
	"regexp"
	"testing"

	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

func TestThreeServicesAnswerAndEnd(t *testing.T) {
	t.Parallel()
	server, err := azurite.Start("")
	if err != nil {
		t.Fatal(err)
	}
	endpoints := regexp.MustCompile(`http://[0-9.:]+/devstoreaccount1`).FindAllString(server.ConnectionString, -1)
	if len(endpoints) != 3 {
		t.Fatalf("connection string names %d endpoints, want 3", len(endpoints))
	}
	for _, endpoint := range endpoints {
		response, err := http.Get(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.Header.Get("Server") == "" || response.StatusCode < 400 {
			t.Errorf("%s answered %s, want a refusal that carries the emulator's Server header", endpoint,
				response.Status)
		}
	}
	server.Stop()
	for _, endpoint := range endpoints {
		if response, err := http.Get(endpoint); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s still answers after Stop", endpoint)
		}
	}
}

func TestAccountsShareNothing(t *testing.T) {
	t.Parallel()
	server, err := azurite.Start("")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	for n, connection := range []string{server.Account(), server.Account(), server.ConnectionString} {
		records, err := tables.Open(connection)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := records.Organization(t.Context(), "tenant"); !fault.Is(err, fault.NotFound) {
			t.Errorf("account %d has a record before the first was written: %v", n, err)
		}
		if _, err := records.PutOrganization(t.Context(), org.Organization{Tenant: "tenant"}); err != nil {
			t.Fatal(err)
		}
	}
}
