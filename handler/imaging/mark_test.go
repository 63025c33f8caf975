package imaging_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

func TestAFileThatARecipeHasMadeIsLeftByIt(t *testing.T) {
	t.Parallel()
	photo := photoWith(t)
	for _, format := range []imaging.Format{imaging.JPEG, imaging.PNG, imaging.WebP, imaging.TIFF, imaging.GIF} {
		for _, mode := range []string{"keep", "copyright", "none"} {
			t.Run(fmt.Sprint(format, " ", mode), func(t *testing.T) {
				t.Parallel()
				src := edited(t, photo,
					fmt.Sprintf(`{"version":1,"steps":[{"op":"resize","width":80}],"output":{"format":%q}}`, format))
				invert := fmt.Sprintf(
					`{"version":1,"steps":[{"op":"filter","name":"invert"}],"output":{"skipProcessed":true,`+
						`"metadata":{"mode":%q}}}`, mode)
				run := func(src []byte, steps string) imaging.Result {
					t.Helper()
					r, err := recipe.Parse([]byte(steps))
					if err != nil {
						t.Fatal(err)
					}
					result, err := imaging.Edit(t.Context(), src, r, imaging.Options{})
					if err != nil {
						t.Fatal(err)
					}
					return result
				}
				mark := func(file []byte) string { return metadata.Read(string(format), file).Mark() }
				once := run(src, invert)
				r, _ := recipe.Parse([]byte(invert))
				if once.Unchanged || mark(once.Data) != r.Hash() {
					t.Fatalf("the result bears %q, want %q", mark(once.Data), r.Hash())
				}
				twice := run(once.Data, invert)
				if !twice.Unchanged || !twice.IsLeft() ||
					!slices.Equal(twice.Warnings, []string{imaging.WarnProcessed}) {
					t.Errorf("again: unchanged %v, %v", twice.Unchanged, twice.Warnings)
				}
				other := run(once.Data, strings.Replace(invert, `"invert"`, `"sepia"`, 1))
				if other.Unchanged || mark(other.Data) == "" || mark(other.Data) == r.Hash() {
					t.Errorf("another recipe: unchanged %v, the mark %q", other.Unchanged, mark(other.Data))
				}
				plain := run(once.Data, `{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}`)
				if mark(plain.Data) != "" {
					t.Errorf("an edit without marks has left %q", mark(plain.Data))
				}
				if again := run(plain.Data, invert); again.Unchanged {
					t.Error("what was edited since is left")
				}
			})
		}
	}
}
