package azurite_test

import (
	"net/http"
	"regexp"
	"testing"

	"imagepro/handler/dev/azurite"
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
			t.Errorf("%s answered %s, want a refusal that carries the emulator's Server header", endpoint, response.Status)
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
