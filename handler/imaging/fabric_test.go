package imaging_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"imagepro/handler/imaging"
)

// The pictures were made by fabric itself, see testdata/fabric/make.mjs.
func TestStepsAreExactlyThoseOfTheEditor(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "fabric")
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var cases []struct {
		Name string
		Step json.RawMessage
	}
	if err := json.Unmarshal(read("cases.json"), &cases); err != nil || len(cases) < 30 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	source := read("source.png")
	for _, one := range cases {
		result, err := imaging.Edit(context.Background(), source,
			parse(t, `{"version":1,"steps":[`+string(one.Step)+`]}`), imaging.Options{})
		if err != nil {
			t.Errorf("%s: %v", one.Name, err)
			continue
		}
		got, want := fromPNG(t, result.Data), fromPNG(t, read(one.Name+".png"))
		differ := 0
		for i := range want.Pix {
			if got.Pix[i] != want.Pix[i] {
				differ++
			}
		}
		if differ > 0 {
			t.Errorf("%s: %d levels differ, by up to %d", one.Name, differ, furthestApart(got, want))
		}
	}
}
