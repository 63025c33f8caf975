package imaging_test

import (
	"bytes"
	"compress/bzip2"
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// corpus returns the picture files of the Go distribution and of golang.org/x/image, by name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/image").Output()
	if err != nil {
		t.Skip("the go command does not say where golang.org/x/image is:", err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the go command does not say where Go is:", err)
	}
	goroot := strings.TrimSpace(string(root))
	files := map[string][]byte{}
	for _, dir := range []string{
		filepath.Join(goroot, "src", "image", "testdata"),
		filepath.Join(goroot, "src", "image", "png", "testdata"),
		filepath.Join(goroot, "src", "image", "png", "testdata", "pngsuite"),
		filepath.Join(strings.TrimSpace(string(module)), "testdata"),
		filepath.Join(strings.TrimSpace(string(module)), "tiff", "testdata"),
	} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a distribution without tests
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err == nil && filepath.Ext(e.Name()) == ".bz2" {
				data, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(data)))
			}
			if err == nil {
				files[e.Name()] = data
			}
		}
	}
	if len(files) == 0 {
		t.Skip("no test pictures beside Go and golang.org/x/image")
	}
	return files
}

func TestEveryPictureOfGoSurvivesEveryOutput(t *testing.T) {
	t.Parallel()
	edited := 0
	for name, src := range corpus(t) {
		_, err := imaging.Inspect(src, imaging.Limits{})
		for _, format := range []recipe.Format{recipe.Keep, recipe.JPEG, recipe.PNG, recipe.GIF, recipe.WebP,
			recipe.TIFF, recipe.BMP} {
			r := parse(t, fmt.Sprintf(`{"version":1,"steps":[
				{"op":"resize","width":40,"height":40},{"op":"adjust","contrast":10},{"op":"rotate","angle":5},`+
				`{"op":"sharpen"}],
				"output":{"format":%q}}`, format))
			result, editErr := imaging.Edit(context.Background(), src, r, imaging.Options{})
			switch {
			case err != nil && editErr == nil:
				t.Errorf("%s: Inspect refuses it (%v) and Edit does not", name, err)
			case editErr != nil:
				if !fault.Is(editErr, fault.Unsupported) && !fault.Is(editErr, fault.Invalid) {
					t.Errorf("%s to %s: %v", name, format, editErr)
				}
				continue
			}
			edited++
			after, err := imaging.Inspect(result.Data, imaging.Limits{})
			if err != nil {
				t.Errorf("%s to %s: the result is refused: %v", name, format, err)
				continue
			}
			if after.Format != result.Format || after.Width != result.Width || after.Height != result.Height {
				t.Errorf("%s to %s: the result is %+v, Edit says %s %d×%d", name, format, after, result.Format,
					result.Width, result.Height)
			}
			if _, err := imaging.Edit(context.Background(), result.Data, parse(t, toPNGGray),
				imaging.Options{}); err != nil {
				t.Errorf("%s to %s: the result cannot be edited: %v", name, format, err)
			}
		}
	}
	t.Logf("%d edits", edited)
	if edited < 400 {
		t.Errorf("only %d edits of the pictures succeeded", edited)
	}
}

func TestTheSameEditGivesTheSameBytesOnAnyNumberOfProcessors(t *testing.T) {
	sources := map[string][]byte{"jpeg": asJPEG(t, pattern(700, 500), 90), "png": asPNG(t, veiled(300, 400))}
	if files, ok := goPictures(t); ok {
		sources["webp"], sources["gif"] = files["yellow_rose.lossy-with-alpha.webp"], files["video-001.gif"]
	}
	sources["moving gif"], _ = walker(t, image.Pt(90, 70), 5)
	sources["moving webp"] = movingWebP(t, image.Pt(90, 70), 0, 0, nil, shot{m: pattern(90, 70)},
		shot{at: image.Pt(10, 20), m: veiled(50, 50), blend: true})
	document := parse(t, `{"version":1,"input":{"onAnimated":"process"},"steps":[
		{"op":"resize","width":333},{"op":"adjust","brightness":5,"saturation":20},{"op":"rotate","angle":13.5},
		{"op":"blur","sigma":2},{"op":"blur","sigma":9},{"op":"sharpen"},{"op":"text","text":"Ämne {year}",`+
		`"stroke":{"width":"8%"}}]}`)
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for name, src := range sources {
		var want []byte
		for _, n := range []int{1, 2, 4, 2} {
			runtime.GOMAXPROCS(n)
			result, err := imaging.Edit(context.Background(), src, document, imaging.Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want == nil {
				want = result.Data
			}
			if !bytes.Equal(result.Data, want) {
				t.Errorf("%s: with %d processors the bytes differ", name, n)
			}
		}
	}
}

// goPictures is corpus for tests that can do without.
func goPictures(t *testing.T) (files map[string][]byte, ok bool) {
	ok = t.Run("pictures of Go", func(t *testing.T) { files = corpus(t) })
	return files, ok && len(files) > 0
}

func TestDamagedPicturesAreRefusedOrEdited(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	light := parse(t, `{"version":1,"steps":[{"op":"resize","width":9},{"op":"adjust","saturation":10}]}`)
	refused, edited := 0, 0
	for name, src := range sortedCorpus(t) {
		for range 12 {
			broken := bytes.Clone(src)
			for range 1 + r.IntN(6) {
				at := r.IntN(min(len(broken), 1+r.IntN(len(broken)))) // more often in the header
				broken[at] = byte(r.Uint32())
			}
			_, err := imaging.Edit(context.Background(), broken, light, imaging.Options{Limits: tight()})
			switch {
			case err == nil:
				edited++
			case isExpected(err):
				refused++
			default:
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	t.Logf("%d edited, %d refused", edited, refused)
}

// sortedCorpus yields the corpus in the same order in every run.
func sortedCorpus(t testing.TB) iter.Seq2[string, []byte] {
	files := corpus(t)
	return func(yield func(string, []byte) bool) {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if len(files[name]) > 0 && !yield(name, files[name]) {
				return
			}
		}
	}
}

func TestAPNGWithAPaletteKeepsIt(t *testing.T) {
	t.Parallel()
	m := image.NewPaletted(image.Rect(0, 0, 30, 20),
		color.Palette{color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 9, A: 100}})
	for i := range m.Pix {
		m.Pix[i] = uint8(i % 2)
	}
	result := edit(t, asPNG(t, m), `{"version":1,"steps":[{"op":"rotate","angle":90}]}`)
	info, err := imaging.Inspect(result.Data, imaging.Limits{})
	if err != nil || !info.Palette || !info.Alpha {
		t.Errorf("the result is %+v, %v", info, err)
	}
	if got := fromPNG(t, result.Data).NRGBAAt(0, 19); got != (color.NRGBA{R: 255, A: 255}) &&
		got != (color.NRGBA{B: 9, A: 100}) {
		t.Errorf("a pixel is %v", got)
	}
}
