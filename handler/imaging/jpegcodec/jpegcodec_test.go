package jpegcodec_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/jpegcodec"
)

// waves is a smooth picture with some detail, as photographs are.
func waves(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x), float64(y)
			of := func(a, b float64) uint8 { return uint8(128 + 60*math.Sin(fx/a) + 60*math.Cos(fy/b)) }
			m.SetNRGBA(x, y, color.NRGBA{of(17, 23), of(29, 11), of(40, 37), 255})
		}
	}
	return m
}

func encoded(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var to bytes.Buffer
	if err := jpegcodec.Encode(&to, m, jpegcodec.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// decoded decodes a file at one part of the size in its header.
func decoded(file []byte, denominator int) (*image.NRGBA, error) {
	header, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, jpegcodec.ErrNotTaken
	}
	return jpegcodec.Decode(file, image.Pt(header.Width, header.Height), denominator)
}

// apart is the mean distance of two pictures, in levels.
func apart(a, b image.Image) float64 {
	var sum, n float64
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r, g, bl, _ := a.At(x, y).RGBA()
			r2, g2, bl2, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			for _, d := range [][2]uint32{{r, r2}, {g, g2}, {bl, bl2}} {
				sum += math.Abs(float64(d[0])-float64(d[1])) / 257
				n++
			}
		}
	}
	return sum / n
}

func goRoot(t testing.TB) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no Go tree here:", err)
	}
	return strings.TrimSpace(string(root))
}

func needTurbo(t testing.TB) {
	t.Helper()
	if !jpegcodec.Turbo {
		t.Skip("libjpeg-turbo is not built in: make test builds it in where it is installed")
	}
}

func TestWhatIsWrittenIsReadByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {7, 9}, {333, 211}} {
		m := waves(size.X, size.Y)
		got, err := jpeg.Decode(bytes.NewReader(encoded(t, m, 95)))
		if err != nil || got.Bounds().Max != size {
			t.Fatalf("%v: %v", size, err)
		}
		if d := apart(m, got); d > 2 {
			t.Errorf("%v: it is %.2f levels apart", size, d)
		}
	}
	gray := image.NewGray(image.Rect(0, 0, 50, 40))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(i / 8)
	}
	got, err := jpeg.Decode(bytes.NewReader(encoded(t, gray, 95)))
	if _, ok := got.(*image.Gray); err != nil || !ok || apart(gray, got) > 1 {
		t.Errorf("a gray picture comes back as %T, %v", got, err)
	}
	if len(encoded(t, waves(333, 211), 40)) >= len(encoded(t, waves(333, 211), 90)) {
		t.Error("the quality changes nothing")
	}
}

// frame returns the marker of a file's frame header, the sampling factors of its first channel and how many scans it
// has.
func frame(t *testing.T, file []byte) (marker, sampling byte, scans int) {
	t.Helper()
	for s, err := range container.JPEG(file) {
		switch {
		case err != nil:
			t.Fatal(err)
		case s.IsFrame():
			marker, sampling = s.Marker, s.Data[7]
		case s.Marker == container.SOS:
			scans++
		}
	}
	return marker, sampling, scans
}

func TestFilesAreWrittenAsAskedFor(t *testing.T) {
	t.Parallel()
	gray := image.NewGray(image.Rect(0, 0, 50, 40))
	for name, c := range map[string]struct {
		m        image.Image
		o        jpegcodec.Options
		marker   byte // SOF0 is baseline, SOF2 progressive
		sampling byte // 0x22: chroma at half the size
		scans    bool // whether there are several
	}{
		"plain":       {waves(100, 80), jpegcodec.Options{Quality: 90}, 0xC0, 0x22, false},
		"progressive": {waves(100, 80), jpegcodec.Options{Quality: 90, Progressive: true}, 0xC2, 0x22, true},
		"full chroma": {waves(100, 80), jpegcodec.Options{Quality: 90, FullChroma: true}, 0xC0, 0x11, false},
		"both": {waves(100, 80), jpegcodec.Options{Quality: 90, Progressive: true, FullChroma: true}, 0xC2, 0x11,
			true},
		"gray": {gray, jpegcodec.Options{Quality: 90, Progressive: true, FullChroma: true}, 0xC2, 0x11, true},
	} {
		var to bytes.Buffer
		if err := jpegcodec.Encode(&to, c.m, c.o); err != nil {
			t.Fatal(err)
		}
		if !jpegcodec.Turbo {
			c.marker, c.scans = 0xC0, false
			if c.sampling = 0x22; c.m == gray {
				c.sampling = 0x11
			}
		}
		marker, sampling, scans := frame(t, to.Bytes())
		if marker != c.marker || sampling != c.sampling || scans > 1 != c.scans {
			t.Errorf("%s: frame %x, sampling %x, %d scans", name, marker, sampling, scans)
		}
		got, err := jpeg.Decode(bytes.NewReader(to.Bytes()))
		if err != nil || apart(c.m, got) > 3 {
			t.Errorf("%s: %v, %.2f levels apart", name, err, apart(c.m, got))
		}
	}
}

func TestDecodingIsTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	m := waves(333, 211)
	file := encoded(t, m, 95)
	want, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decoded(file, 1)
	if err != nil || apart(want, got) > 1.5 || apart(m, got) > apart(m, want) {
		t.Errorf("%v: it is %.2f levels from the standard library's, %.2f from the picture; the standard library %.2f",
			err, apart(want, got), apart(m, got), apart(m, want))
	}
	for _, denominator := range []int{2, 4, 8} {
		got, err := decoded(file, denominator)
		if err != nil || got.Rect.Max != jpegcodec.Scaled(image.Pt(333, 211), denominator) {
			t.Fatalf("1/%d: %v", denominator, err)
		}
		// The mean of each block but those at the edge.
		small := image.NewNRGBA(image.Rect(0, 0, 333/denominator, 211/denominator))
		for y := range small.Rect.Max.Y {
			for x := range small.Rect.Max.X {
				var sum [3]int
				for i := range denominator * denominator {
					c := m.NRGBAAt(x*denominator+i%denominator, y*denominator+i/denominator)
					sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
				}
				n := denominator * denominator
				small.SetNRGBA(x, y, color.NRGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
			}
		}
		if d := apart(small, got); d > 2 {
			t.Errorf("1/%d: it is %.2f levels apart", denominator, d)
		}
	}
}

// A file that is cut off must never pass: half of the picture would be gray, and saved over a good one.
func TestWhatIsCutOffIsNotTaken(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	file := encoded(t, waves(200, 150), 90)
	// each of the last bytes; without its very last one the end marker is damaged
	for n := 0; n < len(file)-1; n += 1 + min(10, (len(file)-n)/50) {
		if _, err := decoded(file[:n], 1); !errors.Is(err, jpegcodec.ErrNotTaken) {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
	}
}

// Go's own pictures come out as well as from the standard library. Damaged at random places, few are taken that the
// standard library refuses: neither sees every damage, since most of them are other pictures.
func TestGosOwnPicturesWholeAndDamaged(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	files, err := filepath.Glob(filepath.Join(goRoot(t), "src/image/testdata/*.jpeg"))
	if err != nil || len(files) == 0 {
		t.Skip("the Go tree has no pictures here")
	}
	original, err := os.Open(filepath.Join(goRoot(t), "src/image/testdata/video-001.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer original.Close()
	scene, err := png.Decode(original)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	refused, taken := 0, 0
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := decoded(file, 1)
		if strings.Contains(name, "cmyk") || strings.Contains(name, ".410.") {
			if !errors.Is(err, jpegcodec.ErrNotTaken) {
				t.Errorf("%s is taken: %v", name, err)
			}
			continue
		}
		want, stdErr := jpeg.Decode(bytes.NewReader(file))
		if err != nil || stdErr != nil {
			t.Fatalf("%s: %v, %v", name, err, stdErr)
		}
		if strings.Contains(name, "video-001") && apart(scene, whole) > apart(scene, want)+0.05 {
			t.Errorf("%s: %.2f levels from the picture, the standard library %.2f", name, apart(scene, whole),
				apart(scene, want))
		}
		for range 200 {
			damaged := bytes.Clone(file)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] = byte(random.Uint32())
			}
			if _, err := jpeg.Decode(bytes.NewReader(damaged)); err == nil {
				continue
			}
			refused++
			if _, err := decoded(damaged, 1); err == nil {
				taken++
			}
		}
	}
	if refused == 0 || taken > refused*6/100 {
		t.Errorf("of %d damaged files that the standard library refuses, %d are taken", refused, taken)
	}
}

func TestEmptyAndOddThingsAreErrors(t *testing.T) {
	t.Parallel()
	for _, file := range [][]byte{nil, {}, []byte("GIF89a"), {0xFF, 0xD8, 0xFF}} {
		if _, err := jpegcodec.Decode(file, image.Pt(1, 1), 1); !errors.Is(err, jpegcodec.ErrNotTaken) {
			t.Errorf("%q: %v", file, err)
		}
	}
	if _, err := jpegcodec.Decode(encoded(t, waves(9, 9), 80), image.Pt(9, 8), 1); !errors.Is(err,
		jpegcodec.ErrNotTaken) {
		t.Errorf("a file of another size: %v", err)
	}
	if jpegcodec.Turbo {
		if err := jpegcodec.Encode(&bytes.Buffer{}, image.NewNRGBA(image.Rectangle{}),
			jpegcodec.Options{Quality: 80}); err == nil {
			t.Error("an empty picture was written")
		}
		if err := jpegcodec.Encode(&bytes.Buffer{}, image.NewCMYK(image.Rect(0, 0, 1, 1)),
			jpegcodec.Options{Quality: 80}); err == nil {
			t.Error("printing colours were written")
		}
	}
}

func FuzzDecode(f *testing.F) {
	needTurbo(f)
	f.Add(encoded(f, waves(20, 17), 80), uint8(1))
	f.Add(encoded(f, waves(40, 9), 80), uint8(8))
	f.Fuzz(func(t *testing.T, file []byte, denominator uint8) {
		header, err := jpeg.DecodeConfig(bytes.NewReader(file))
		if err != nil || header.Width*header.Height > 1<<20 {
			return
		}
		d := 1 << (denominator % 4)
		if m, err := decoded(file, d); err == nil &&
			m.Rect.Max != jpegcodec.Scaled(image.Pt(header.Width, header.Height), d) {
			t.Errorf("1/%d of %d×%d is %v", d, header.Width, header.Height, m.Rect.Max)
		}
		m, err := jpegcodec.DecodePlanes(file, image.Pt(header.Width, header.Height), d)
		if err != nil {
			return
		}
		if m.Rect.Max != jpegcodec.Scaled(image.Pt(header.Width, header.Height), d) || len(m.Cb) != len(m.Cr) ||
			len(m.Y)%m.YStride != 0 || m.YStride < m.Rect.Max.X {
			t.Errorf("planes of 1/%d of %d×%d: %v, %d bytes of luma in rows of %d", d, header.Width, header.Height,
				m.Rect.Max, len(m.Y), m.YStride)
		}
	})
}

func TestPlanesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	for _, size := range []image.Point{{64, 48}, {61, 47}, {1, 1}, {2, 9}} {
		m := jpegcodec.NewPlanes(size)
		for i := range m.Y {
			m.Y[i] = uint8(100 + 50*math.Sin(float64(i%m.YStride)/9))
		}
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = 90, uint8(120+i/m.CStride)
		}
		file := encoded(t, m, 98)
		got, err := jpegcodec.DecodePlanes(file, size, 1)
		if err != nil || got.Rect != m.Rect || got.SubsampleRatio != m.SubsampleRatio || len(got.Y) != len(m.Y) ||
			len(got.Cr) != len(m.Cr) {
			t.Fatalf("%v: %v, %v", size, got, err)
		}
		for i, plane := range [][2][]byte{{got.Y, m.Y}, {got.Cb, m.Cb}, {got.Cr, m.Cr}} {
			for at := range plane[0] {
				if d := int(plane[0][at]) - int(plane[1][at]); d < -4 || d > 4 {
					t.Fatalf("%v: plane %d: %d became %d", size, i, plane[1][at], plane[0][at])
				}
			}
		}
	}
	gray := encoded(t, image.NewGray(image.Rect(0, 0, 9, 9)), 90)
	if _, err := jpegcodec.DecodePlanes(gray, image.Pt(9, 9), 1); !errors.Is(err, jpegcodec.ErrNoPlanes) {
		t.Errorf("a gray file: %v", err)
	}
	if _, err := jpegcodec.DecodePlanes(gray[:20], image.Pt(9, 9), 1); !errors.Is(err, jpegcodec.ErrNotTaken) {
		t.Errorf("a cut file: %v", err)
	}
}
