package photos_test

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/photos"
)

func draw(t *testing.T, o photos.Options) []photos.Photo {
	t.Helper()
	drawn, err := photos.Draw(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

// small is quick to draw.
func small(count int) photos.Options {
	return photos.Options{Count: count, Seed: 1, MinMegapixels: 0.01, MaxMegapixels: 0.03}
}

func TestDrawCoversAllOrientationsAndTransparency(t *testing.T) {
	t.Parallel()
	drawn := draw(t, small(24))
	orientations, cutouts := map[int]bool{}, 0
	for _, p := range drawn {
		if p.Format == "png" {
			cutouts++
		} else {
			orientations[p.Orientation] = true
		}
	}
	if len(drawn) != 24 || len(orientations) != 8 || cutouts < 3 || cutouts > 6 {
		t.Errorf("drew %d pictures with the orientations %v and %d cutouts, want 24 with all 8 and 3 to 6",
			len(drawn), orientations, cutouts)
	}
}

func TestFilesAreWhatThePhotosSay(t *testing.T) {
	t.Parallel()
	for _, p := range draw(t, small(14)) {
		f, err := os.Open(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		config, format, err := image.DecodeConfig(f)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		w, h := p.Width, p.Height
		if p.Orientation >= 5 {
			w, h = h, w
		}
		if config.Width != w || config.Height != h || format != p.Format || filepath.Base(p.Path) != p.Name {
			t.Errorf("%s is a %s of %dx%d, want a %s of %dx%d", p.Path, format, config.Width, config.Height, p.Format,
				w, h)
		}
		if size := float64(w * h); size < 0.0095e6 || size > 0.0305e6 {
			t.Errorf("%s has %.0f pixels, want 0.01 to 0.03 megapixels", p.Name, size)
		}
	}
}

func TestCutoutsHaveSoftTransparency(t *testing.T) {
	t.Parallel()
	for _, p := range draw(t, small(11))[8:] {
		f, err := os.Open(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		clear, half, full := 0, 0, 0
		for y := range p.Height {
			for x := range p.Width {
				switch _, _, _, a := img.At(x, y).RGBA(); a {
				case 0:
					clear++
				case 0xffff:
					full++
				default:
					half++
				}
			}
		}
		if all := p.Width * p.Height; clear < all/50 || half < all/100 || full < all/10 {
			t.Errorf("%s has %d clear, %d half clear and %d opaque pixels, want some of each", p.Name, clear, half,
				full)
		}
	}
}

func TestTheSameSeedGivesTheSameFiles(t *testing.T) {
	t.Parallel()
	files := func(seed uint64, workers int) map[string]string {
		o := small(12)
		o.Seed, o.Workers = seed, workers
		sums := map[string]string{}
		for _, p := range draw(t, o) {
			data, err := os.ReadFile(p.Path)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			sums[p.Name] = hex.EncodeToString(sum[:])
		}
		return sums
	}
	one := files(5, 1)
	if diff := cmp.Diff(one, files(5, 3)); diff != "" {
		t.Errorf("two runs with one seed differ (-one worker +three):\n%s", diff)
	}
	if cmp.Equal(one, files(6, 2)) {
		t.Error("another seed gave the same files")
	}
	if len(one) != 12 {
		t.Errorf("12 pictures have %d names", len(one))
	}
}

func TestFilesWeighWhatPhotographsWeigh(t *testing.T) {
	t.Parallel()
	// Small pictures weigh more for each pixel than the 0.15 to 0.3 bytes of large ones.
	for _, p := range draw(t, photos.Options{Count: 6, Seed: 3, MinMegapixels: 0.1, MaxMegapixels: 0.15}) {
		info, err := os.Stat(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		if share := float64(info.Size()) / float64(p.Width*p.Height); p.Format == "jpeg" &&
			(share < 0.15 || share > 0.6) {
			t.Errorf("%s has %.2f bytes per pixel, want 0.15 to 0.6", p.Name, share)
		}
	}
}

func TestDrawRefusesWhatItCannotDraw(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		dir string
		o   photos.Options
	}{
		"no pictures":     {t.TempDir(), photos.Options{Count: -1}},
		"sizes reversed":  {t.TempDir(), photos.Options{MinMegapixels: 3, MaxMegapixels: 2}},
		"far too large":   {t.TempDir(), photos.Options{MaxMegapixels: 1000}},
		"no workers":      {t.TempDir(), photos.Options{Workers: -2}},
		"a file as a dir": {file, small(1)},
	} {
		if drawn, err := photos.Draw(test.dir, test.o); err == nil {
			t.Errorf("%s: drew %d pictures, want an error", name, len(drawn))
		}
	}
}

func TestLoadListsThePicturesOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b.JPG", "a.png", "c.jpeg", "d.gif", "e.bmp", "f.TIF", "g.tiff", "h.WebP",
		"notes.txt", "raw.dng", "jpg", "._b.JPG"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.jpg"), 0o700); err != nil {
		t.Fatal(err)
	}
	loaded, err := photos.Load(dir, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := "a.png png, b.JPG jpeg, c.jpeg jpeg, d.gif gif, e.bmp bmp, f.TIF tiff, g.tiff tiff, h.WebP webp"
	var got []string
	for _, p := range loaded {
		got = append(got, p.Name+" "+p.Format)
		if p.Path != filepath.Join(dir, p.Name) || p.Orientation != 1 {
			t.Errorf("%s: path %s, orientation %d", p.Name, p.Path, p.Orientation)
		}
	}
	if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
	if few, err := photos.Load(dir, 3); err != nil || len(few) != 3 || few[2].Name != "c.jpeg" {
		t.Errorf("Load(3) = %v, %v, want the first three", few, err)
	}
}

func TestLoadSaysWhichFolderHoldsNoPicture(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	missing := filepath.Join(empty, "missing")
	for _, dir := range []string{empty, missing} {
		if _, err := photos.Load(dir, 10); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("Load(%s) = %v, want an error that names the folder", dir, err)
		}
	}
	if _, err := photos.Load(empty, 0); err == nil {
		t.Error("Load with a limit of 0 is no error")
	}
}
