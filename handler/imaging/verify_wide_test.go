package imaging_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// wideSample returns pictures of all sorts: those of Go, the cases, and what is hardest to code, in odd sizes.
func wideSample(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	files, ok := goPictures(t)
	if ok {
		maps.Copy(all, files)
	}
	err := filepath.WalkDir("testdata/cases", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	random := func() uint8 { return uint8(r.Uint32()) }
	extreme := func() uint8 { return uint8(r.Uint32()&1) * 255 }
	for _, size := range []image.Point{{1, 1}, {2, 3}, {7, 9}, {16, 16}, {17, 33}, {100, 75}, {450, 400}, {2000, 5},
		{5, 2000}} {
		for name, pixel := range map[string]func(x, y int) color.NRGBA{
			"noise":    func(int, int) color.NRGBA { return color.NRGBA{random(), random(), random(), 255} },
			"dots":     func(int, int) color.NRGBA { v := extreme(); return color.NRGBA{v, v, v, 255} },
			"coloured": func(int, int) color.NRGBA { return color.NRGBA{extreme(), extreme(), extreme(), 255} },
			"checks": func(x, y int) color.NRGBA {
				v := uint8((x^y)&1) * 255
				return color.NRGBA{v, 255 - v, 0, 255}
			},
			"veiled": func(x, _ int) color.NRGBA { return color.NRGBA{random(), 200, random(), uint8(x)} },
			"cut out": func(x, y int) color.NRGBA {
				return color.NRGBA{255, 40, random(), uint8((x/5^y/7)&1) * 255}
			},
			"transparent": func(int, int) color.NRGBA { return color.NRGBA{} },
			"one colour":  func(int, int) color.NRGBA { return color.NRGBA{255, 0, 128, 255} },
			"dark":        func(x, y int) color.NRGBA { v := uint8((x + y) % 3); return color.NRGBA{v, v, v, 255} },
			"half a veil": func(x, y int) color.NRGBA { return color.NRGBA{uint8(x), uint8(y), 90, 128} },
			"fine stripes": func(x, _ int) color.NRGBA {
				v := uint8(x&1) * 255
				return color.NRGBA{v, 0, 255 - v, 255}
			},
		} {
			m := image.NewNRGBA(image.Rectangle{Max: size})
			for y := range size.Y {
				for x := range size.X {
					m.SetNRGBA(x, y, pixel(x, y))
				}
			}
			all[fmt.Sprintf("%s %v.png", name, size)] = asPNG(t, m)
			if name == "noise" || name == "coloured" {
				all[fmt.Sprintf("%s %v.jpg", name, size)] = asJPEG(t, m, 30)
			}
		}
	}
	return all
}

// What is right passes, whatever the picture, the format and the quality.
func TestNothingThatIsRightIsCalledWrong(t *testing.T) {
	t.Parallel()
	sources := wideSample(t)
	steps := []string{
		``, `{"op":"resize","width":97}`, `{"op":"rotate","angle":90}`,
		`{"op":"crop","width":"55%","height":"70%","gravity":"southeast"}`,
		`{"op":"crop","x":16,"y":16,"width":"40%","height":"40%"}`, `{"op":"filter","name":"grayscale"}`,
		`{"op":"roundCorners","radius":"30%"}`,
		`{"op":"adjust","saturation":100,"contrast":60}`,
		`{"op":"flip","axis":"both"},{"op":"resize","width":200,"height":90,"fit":"fill"}`,
		`{"op":"trim"}`, `{"op":"removeColor","color":"#ff0000","distance":0.3}`,
	}
	outputs := []string{
		`{}`, `{"metadata":{"mode":"none"}}`, `{"metadata":{"set":{"title":"x"}}}`, `{"format":"jpeg","quality":1}`,
		`{"format":"jpeg","quality":10}`,
		`{"format":"jpeg","quality":35,"progressive":true}`, `{"format":"jpeg","quality":80}`,
		`{"format":"jpeg","quality":95,"chromaSubsampling":"4:4:4"}`,
		`{"format":"jpeg","quality":100}`, `{"format":"webp","quality":1}`, `{"format":"webp","quality":15}`,
		`{"format":"webp","quality":50}`,
		`{"format":"webp","quality":80}`, `{"format":"webp","quality":100}`, `{"format":"png"}`,
		`{"format":"png","palette":{"colors":7}}`,
		`{"format":"gif"}`, `{"format":"gif","palette":{"colors":2,"dither":0}}`, `{"format":"tiff"}`,
		`{"format":"bmp"}`,
		`{"format":"jpeg","maxBytes":3000,"minQuality":1}`, `{"format":"webp","colorProfile":"srgb"}`,
	}
	n, verified := 0, 0
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		for i := n % 2; i < len(outputs); i += 2 { // every other output, each with another step
			n++
			step, input := steps[n%len(steps)], "first"
			if n%2 == 0 && (!strings.Contains(outputs[i], `"format"`) || strings.Contains(outputs[i], "webp") ||
				strings.Contains(outputs[i], "gif")) {
				input = "process"
			}
			document := `{"version":1,"input":{"onAnimated":"` + input + `"},"steps":[` + step + `],"output":` +
				outputs[i] + `}`
			result, err := imaging.Edit(context.Background(), sources[name], parse(t, document),
				imaging.Options{Limits: imaging.Limits{Pixels: 1_000_000}})
			switch {
			case fault.Is(err, fault.Internal):
				t.Errorf("%s: %s: %v, %v", name, document, err, errors.Unwrap(err))
			case err == nil && !result.Verified:
				t.Errorf("%s: %s: it is not verified", name, document)
			case err == nil:
				verified++
			}
		}
	}
	t.Logf("%d of %d edits of %d pictures were verified", verified, n, len(sources))
	if verified < n/2 {
		t.Errorf("only %d of %d edits succeeded", verified, n)
	}
}
