package imaging_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// photo reads one of the photographs.
func photo(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "photos", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, document string) *recipe.Recipe {
	t.Helper()
	r, err := recipe.Parse([]byte(document))
	if err != nil {
		t.Fatalf("Parse(%s): %v", document, err)
	}
	return r
}

func edit(t testing.TB, src []byte, document string) imaging.Result {
	t.Helper()
	result, err := imaging.Edit(context.Background(), src, parse(t, document), imaging.Options{})
	if err != nil {
		t.Fatalf("Edit(%s): %v", document, err)
	}
	return result
}

func decodeAny(t testing.TB, data []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPhotosOfEveryOrientationComeOutUpright(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"Landscape", "Portrait"} {
		want := small(t, photo(t, kind+"_1.jpg"))
		for n := 2; n <= 8; n++ {
			t.Run(fmt.Sprint(kind, n), func(t *testing.T) {
				t.Parallel()
				got := small(t, photo(t, fmt.Sprintf("%s_%d.jpg", kind, n)))
				if d := meanDifference(t, got, want); d > 6 {
					t.Errorf("the picture differs from the upright one by %.1f of 255 on average", d)
				}
			})
		}
	}
}

func small(t testing.TB, src []byte) image.Image {
	t.Helper()
	result := edit(t, src, `{"version":1,"steps":[{"op":"resize","width":90,"height":90}]}`)
	m, err := jpeg.Decode(bytes.NewReader(result.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func meanDifference(t testing.TB, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("the sizes differ: %v and %v", a.Bounds(), b.Bounds())
	}
	sum := 0.0
	size := a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			sum += distance(ar, br) + distance(ag, bg) + distance(ab, bb)
		}
	}
	return sum / float64(3*size.X*size.Y)
}

func distance(a, b uint32) float64 {
	if a < b {
		a, b = b, a
	}
	return float64(a-b) / 257
}

// Go's picture with odd chroma is none that libjpeg-turbo takes.
func TestWhatLibjpegTurboDoesNotTakeTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	files, ok := goPictures(t)
	if !ok {
		t.Skip("the Go tree has no pictures here")
	}
	found := false
	for name, file := range files {
		if !strings.HasSuffix(name, "video-001.q50.410.jpeg") {
			continue
		}
		found = true
		if result := edit(t, file, `{"version":1,"steps":[{"op":"resize","width":30}]}`); result.Width != 30 {
			t.Errorf("the result is %d pixels wide", result.Width)
		}
	}
	if !found {
		t.Error("the picture is not there")
	}
}
