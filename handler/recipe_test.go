package main

import (
	"os"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// words are what the parser lists when it is given another word.
func words(t *testing.T, step string) []string {
	t.Helper()
	_, err := recipe.Parse([]byte(`{"version":1,"steps":[` + step + `]}`))
	_, list, ok := strings.Cut(fault.From(err).Message, "One of these words is expected here: ")
	if !ok {
		t.Fatalf("%s: %v", step, err)
	}
	return strings.Split(strings.TrimSuffix(list, "."), ", ")
}

func TestThePageOfTheRecipeNamesEveryOperationAndFilter(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/recipe.md")
	if err != nil {
		t.Fatal(err)
	}
	operations, filters := words(t, `{"op":"?"}`), words(t, `{"op":"filter","name":"?"}`)
	if len(operations) < 15 || len(filters) < 10 {
		t.Errorf("only %q and %q are known", operations, filters)
	}
	for _, name := range append(operations, filters...) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the page does not name %s", name)
		}
	}
}
