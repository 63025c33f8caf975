package imaging_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/dev/need"
	"imagepro/handler/imaging"
)

// indices returns a PNG or GIF file as indices, which the test demands.
func indices(t *testing.T, file []byte) *image.Paletted {
	t.Helper()
	m, ok := decodeAny(t, file).(*image.Paletted)
	if !ok {
		t.Fatalf("the file has no palette: %T", decodeAny(t, file))
	}
	return m
}

func paletteRecipe(format, palette string) string {
	return `{"version":1,"output":{"format":"` + format + `","palette":` + palette + `}}`
}

func TestAPaletteHasAsFewColoursAsAskedFor(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(120, 90), 90)
	whole := toNRGBA(decodeAny(t, src))
	for _, format := range []string{"png", "gif"} {
		before := 255.
		for _, colors := range []int{2, 3, 16, 100, 256} {
			result := edit(t, src, paletteRecipe(format, fmt.Sprintf(`{"colors":%d,"dither":false}`, colors)))
			m := indices(t, result.Data)
			if used := slices.Max(m.Pix); int(used) >= colors ||
				!slices.Equal(result.Warnings, []string{imaging.WarnColorsReduced}) {
				t.Errorf("%s: %d colours where %d are allowed, %q", format, used+1, colors, result.Warnings)
			}
			apart := meanDifference(t, whole, m)
			if apart >= before {
				t.Errorf("%s: with %d colours it is %.1f levels apart, with fewer %.1f", format, colors, apart, before)
			}
			before = apart
		}
		if before > 6 {
			t.Errorf("%s: 256 colours are %.1f levels apart", format, before)
		}
	}
	if config, err := png.DecodeConfig(
		bytes.NewReader(edit(t, src, paletteRecipe("png", `{"colors":2}`)).Data)); err != nil ||
		len(config.ColorModel.(color.Palette)) != 2 {
		t.Errorf("the palette is %v, %v", config.ColorModel, err)
	}
	if result := edit(t, asPNG(t, whole), paletteRecipe("jpeg", `{"colors":2}`)); len(result.Warnings) > 0 {
		t.Errorf("JPEG has no palette, and warns %q", result.Warnings)
	}
}

func TestAPictureOfFewColoursKeepsThemExactly(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 30, 20))
	for i := range m.Pix {
		m.Pix[i] = byte(i / 4 % 7 * 36)
	}
	m.SetNRGBA(3, 3, color.NRGBA{R: 200, G: 10, B: 20, A: 90})
	result := edit(t, asPNG(t, m), paletteRecipe("png", `{"colors":8}`))
	if got := indices(t, result.Data); len(got.Palette) != 8 || furthestApart(toNRGBA(got), m) != 0 ||
		len(result.Warnings) > 0 {
		t.Errorf("%d colours, %d levels apart, %q", len(got.Palette), furthestApart(toNRGBA(got), m), result.Warnings)
	}
	if again := edit(t, result.Data, paletteRecipe("png", `{"colors":8}`)); !again.Unchanged {
		t.Error("a file that has no more colours was written anew")
	}
	fewer := edit(t, result.Data, paletteRecipe("png", `{"colors":7}`))
	if got := indices(t, fewer.Data); fewer.Unchanged || len(got.Palette) != 7 ||
		!slices.Equal(fewer.Warnings, []string{imaging.WarnColorsReduced}) {
		t.Errorf("%d colours, %q", len(got.Palette), fewer.Warnings)
	}
	asGIF := edit(t, asJPEG(t, pattern(60, 40), 90), paletteRecipe("gif", `{"colors":60}`))
	if again := edit(t, asGIF.Data, paletteRecipe("gif", `{"colors":60}`)); !again.Unchanged {
		t.Error("a GIF whose table is the shortest for 60 colours was written anew")
	}
	gray := image.NewGray(image.Rect(0, 0, 32, 32))
	for i := range gray.Pix {
		gray.Pix[i] = byte(i)
	}
	if again := edit(t, asPNG(t, gray), paletteRecipe("png", `{}`)); !again.Unchanged {
		t.Error("a gray picture was written with a palette of 256 levels")
	}
	if got := indices(t,
		edit(t, asPNG(t, gray), paletteRecipe("png", `{"colors":4,"dither":0}`)).Data); len(got.Palette) != 4 {
		t.Errorf("a gray picture has %d levels", len(got.Palette))
	}
}

// What is opaque stays so, what is transparent too, and what is between comes near.
func TestAPaletteKeepsTransparency(t *testing.T) {
	t.Parallel()
	m := veiled(120, 60)
	for x := range 40 {
		for y := range 60 {
			c := m.NRGBAAt(x, y)
			if c.A = 0; y >= 30 {
				// dark, which is near to transparent black
				c = color.NRGBA{R: uint8(6 * x), G: uint8(4 * y), B: 5, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	for _, colors := range []int{2, 4, 32, 256} {
		for _, dither := range []string{"0", "0.5", "true"} {
			got := toNRGBA(
				indices(
					t, edit(t, asPNG(t, m),
						paletteRecipe("png", fmt.Sprintf(`{"colors":%d,"dither":%s}`, colors, dither))).Data))
			furthest := 0
			for i := 3; i < len(m.Pix); i += 4 {
				was, is := int(m.Pix[i]), int(got.Pix[i])
				if (was == 0 || was == 255) && is != was {
					t.Fatalf("%d colours, dither %s: alpha %d became %d", colors, dither, was, is)
				}
				furthest = max(furthest, was-is, is-was)
			}
			if colors == 256 && dither == "0" && furthest > 24 {
				t.Errorf("%d colours: an alpha is %d apart", colors, furthest)
			}
		}
	}
}

// Dithering keeps the mean of an area where a palette alone would not.
func TestDitherKeepsTheMeanOfAnArea(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 64, 128))
	for y := range 128 {
		for x := range 64 {
			level := uint8(100 + x/8) // of eight levels, of which two colours cannot show any but one mean
			if y >= 64 {
				level = uint8(10 + 230*(x%2))
			}
			m.SetNRGBA(x, y, color.NRGBA{R: level, G: level, B: level, A: 255})
		}
	}
	mean := func(dither string) float64 {
		got := toNRGBA(indices(t, edit(t, asPNG(t, m), paletteRecipe("png", `{"colors":2,"dither":`+dither+`}`)).Data))
		sum := 0.
		for y := range 64 {
			for x := range 64 {
				sum += float64(got.NRGBAAt(x, y).R)
			}
		}
		return sum / 64 / 64
	}
	none, most, full := mean("false"), mean("0.9"), mean("1")
	if d := full - 103.5; d > 2 || d < -2 {
		t.Errorf("the mean is %.1f, want 103.5", full)
	}
	if !(abs(none-103.5) > 20 && abs(most-103.5) < abs(none-103.5)) {
		t.Errorf("without dither the mean is %.1f, with most of it %.1f", none, most)
	}
}

func abs(x float64) float64 { return max(x, -x) }

// ImageMagick, which searches long for a good palette, is not much nearer to a photograph.
func TestPalettesAreNearlyAsGoodAsImageMagicks(t *testing.T) {
	t.Parallel()
	convert := need.ImageMagick(t)
	small := edit(t, photo(t, "Landscape_1.jpg"),
		`{"version":1,"steps":[{"op":"resize","width":300}],"output":{"format":"png"}}`)
	whole := toNRGBA(decodeAny(t, small.Data))
	from, to := filepath.Join(t.TempDir(), "from.png"), filepath.Join(t.TempDir(), "to.png")
	if err := os.WriteFile(from, small.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, colors := range []int{16, 64, 256} {
		if out, err := exec.Command(convert, from, "+dither", "-colors", fmt.Sprint(colors),
			"png8:"+to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		theirs, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		ours := edit(t, small.Data, paletteRecipe("png", fmt.Sprintf(`{"colors":%d,"dither":0}`, colors)))
		a, b := meanDifference(t, whole, decodeAny(t, ours.Data)), meanDifference(t, whole, decodeAny(t, theirs))
		if a > b*1.15 {
			t.Errorf("%d colours: %.2f levels apart, ImageMagick %.2f", colors, a, b)
		}
	}
}

func TestPalettesEndWithTheContextAndDoNotDependOnIt(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(200, 150), 90)
	a, b := edit(t, src, paletteRecipe("png", `{"colors":20}`)), edit(t, src, paletteRecipe("png", `{"colors":20}`))
	if !bytes.Equal(a.Data, b.Data) {
		t.Error("two edits differ")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := imaging.Edit(ctx, src, parse(t, paletteRecipe("png", `{"colors":20}`)),
		imaging.Options{}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("Edit: %v", err)
	}
}
