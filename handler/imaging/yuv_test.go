package imaging_test

import (
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/dev/need"
	"imagepro/handler/imaging/metadata"
)

// convertWith runs ImageMagick in a new folder that has some files, and returns the file that it wrote.
func convertWith(t testing.TB, files map[string][]byte, result string, args ...string) []byte {
	t.Helper()
	tool := need.ImageMagick(t)
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(tool, append(args, result)...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("convert %q: %v\n%s", args, err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, result[strings.Index(result, ":")+1:]))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBlackAndWhiteOfALossyWebPStayBlackAndWhite(t *testing.T) {
	t.Parallel()
	for _, c := range []color.NRGBA{{A: 255}, {
		R: 255,
		G: 255,
		B: 255,
		A: 255,
	}, {R: 255, A: 255}, {G: 255, A: 255}, {B: 255, A: 255}, {
		R: 90,
		G: 140,
		B: 30,
		A: 255,
	}} {
		flat := image.NewNRGBA(image.Rect(0, 0, 33, 17))
		for i := range 33 * 17 {
			flat.SetNRGBA(i%33, i/33, c)
		}
		got := fromPNG(t, edit(t, webpWith(t, flat, metadata.Blocks{}), toPNG).Data)
		if d := furthestApart(got, flat); d > 4 {
			t.Errorf("%v became %v", c, got.NRGBAAt(16, 8))
		}
	}
}

func TestLossyWebPIsReadAsImageMagickReadsIt(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*image.NRGBA{"opaque": pattern(61, 43), "transparent": veiled(62, 44),
		"thin": pattern(1, 9)} {
		src := webpWith(t, m, metadata.Blocks{})
		want := fromPNG(t, convertWith(t, map[string][]byte{"a.webp": src}, "PNG32:a.png", "a.webp"))
		got := fromPNG(t, edit(t, src, toPNG).Data)
		if d := furthestApart(got, want); d > 1 {
			t.Errorf("%s: %d levels from ImageMagick", name, d)
		}
	}
}
