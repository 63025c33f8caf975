package imaging_test

import (
	"os"
	"testing"
	"time"

	"imagepro/handler/dev/photos"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

func TestPlaceholdersStandForWhatTheFileSays(t *testing.T) {
	t.Parallel()
	src := photoWith(t)
	said := edited(t, src, `{"version":1,"steps":[{"op":"flip","axis":"horizontal"}],
		"output":{"metadata":{"set":{"description":"{title} by {creator}, {taken}. {copyright} {year}"}}}}`)
	before, err := imaging.Describe(src, imaging.Limits{})
	if err != nil || before.Title == "" || before.Creator == "" || before.Copyright == "" || before.Day() == "" {
		t.Fatalf("the file says %+v, %v", before, err)
	}
	after, err := imaging.Describe(said, imaging.Limits{})
	want := before.Title + " by " + before.Creator + ", " + before.Day() + ". " + before.Copyright + " " + "2026"
	if err != nil || after.Description != want {
		t.Errorf("description %q, %v; want %q", after.Description, err, want)
	}
}

// photoWith is a photograph that says who made it, when, and what of.
func photoWith(t *testing.T) []byte {
	t.Helper()
	drawn, err := photos.Draw(t.TempDir(), photos.Options{Count: 1, Seed: 3, MinMegapixels: 0.05, MaxMegapixels: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(drawn[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	return edited(t, src, `{"version":1,"output":{"metadata":{"set":{"title":"The sea","creator":"Adele"}}}}`)
}

func edited(t *testing.T, src []byte, steps string) []byte {
	t.Helper()
	r, err := recipe.Parse([]byte(steps))
	if err != nil {
		t.Fatal(err)
	}
	result, err := imaging.Edit(t.Context(), src, r,
		imaging.Options{Name: "a.jpg", Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return result.Data
}
