package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// randomPlane returns random levels.
func randomPlane(w, h int, seed uint64) plane {
	r := rand.New(rand.NewPCG(seed, 3))
	p := plane{make([]byte, w*h), w, h}
	for i := range p.pix {
		p.pix[i] = byte(r.Uint32())
	}
	return p
}

// gray returns a plane as a picture.
func (p plane) gray() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	for i, level := range p.pix {
		copy(m.Pix[4*i:], []byte{level, level, level, 255})
	}
	return m
}

// It switches the vector instructions off through avx2 as TestVectorsMakeTheSameBytes does, so nothing here runs beside
// it.
func TestPlanesAreResampledAsPicturesAre(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	for range 200 {
		src := randomPlane(1+random.IntN(120), 1+random.IntN(90), random.Uint64())
		dst := plane{width: 1 + random.IntN(120), height: 1 + random.IntN(90)}
		dst.pix = make([]byte, dst.width*dst.height)
		kernel := resampling(kernels[random.IntN(len(kernels))])
		steps := [2]float64{ratio(src.width, dst.width), ratio(src.height, dst.height)}
		if err := resamplePlane(context.Background(), dst, src, steps, kernel); err != nil {
			t.Fatal(err)
		}
		want, err := resample(context.Background(), src.gray(), image.Pt(dst.width, dst.height), kernel)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.gray().Pix, want.Pix) {
			t.Fatalf("%d × %d to %d × %d: another result than for a picture", src.width, src.height, dst.width,
				dst.height)
		}
	}
}

func TestPlanesAreTurnedAsPicturesAre(t *testing.T) {
	t.Parallel()
	src := randomPlane(70, 131, 5)
	for turn := range turn(8) {
		want, err := convert(context.Background(), src.gray(), image.Pt(src.width, src.height), turn)
		if err != nil {
			t.Fatal(err)
		}
		if got := src.turned(turn); !bytes.Equal(got.gray().Pix, want.Pix) || got.gray().Rect != want.Rect {
			t.Errorf("%s: another result than for a picture", turn)
		}
	}
}

// TestPlanesGiveWhatRGBGives takes files of all proportions of chroma through both ways.
func TestPlanesGiveWhatRGBGives(t *testing.T) {
	t.Parallel()
	if !jpegcodec.Turbo {
		t.Skip("libjpeg-turbo is not built in: make test builds it in where it is installed")
	}
	sources := map[string][]byte{"even": smooth(t, 320, 240), "odd": smooth(t, 321, 243)}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no Go tree here:", err)
	}
	for _, name := range []string{"422", "440", "444", "420"} {
		file, err := os.ReadFile(
			filepath.Join(strings.TrimSpace(string(root)), "src", "image", "testdata", "video-001.q50."+name+".jpeg"))
		if err != nil {
			t.Skip("the pictures of the Go tree are not here:", err)
		}
		sources[name] = file
	}
	planar := 0
	for name, src := range sources {
		for _, steps := range []string{
			`{"op":"resize","width":61}`, `{"op":"resize","width":100,"kernel":"linear"}`,
			`{"op":"resize","width":400}`, `{"op":"resize","width":90,"height":33,"fit":"fill"}`,
			`{"op":"rotate","angle":90},{"op":"resize","width":50}`,
			`{"op":"flip","axis":"both"},{"op":"resize","width":77}`,
		} {
			way := func(throughRGB bool) (*image.NRGBA, bool) {
				r, err := recipe.Parse([]byte(`{"version":1,"steps":[` + steps + `],"output":{"quality":98}}`))
				if err != nil {
					t.Fatal(err)
				}
				info, err := Inspect(src, DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				p, err := compile(info, r, Options{Limits: DefaultLimits()})
				if err != nil {
					t.Fatal(err)
				}
				w := writer{plan: p, output: r.Output, src: src, memory: DefaultLimits().Memory}
				file, err := w.result(context.Background())
				if throughRGB {
					var m *image.NRGBA
					if m, err = w.run(context.Background(), src); err == nil {
						file, err = w.write(context.Background(), m)
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				m, err := jpegcodec.Decode(file, p.size, 1)
				if err != nil {
					t.Fatal(err)
				}
				return m, w.inPlanes()
			}
			got, isPlanar := way(false)
			want, _ := way(true)
			if isPlanar {
				planar++
			}
			if d := meanApart(got, want); d > 2 {
				t.Errorf("%s: %s: %.2f levels from the way through RGB", name, steps, d)
			}
		}
	}
	if planar < 30 {
		t.Errorf("only %d of %d went by planes", planar, 6*len(sources))
	}
}

// smooth is a JPEG file of soft colours with some edges.
func smooth(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(128 + 100*math.Sin(float64(x)/23)), uint8(128 + 100*math.Cos(float64(y)/31)),
				uint8(255 * x / w), 255}
			if x/40%3 == 1 && y/30%3 == 1 {
				c.R, c.B = c.B, c.R
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// meanApart is the mean distance of the levels of two pictures of a size.
func meanApart(a, b *image.NRGBA) float64 {
	if a.Rect != b.Rect {
		panic(fmt.Sprintf("%v and %v", a.Rect, b.Rect))
	}
	sum := 0
	for i := range a.Pix {
		sum += abs(int(a.Pix[i]) - int(b.Pix[i]))
	}
	return float64(sum) / float64(len(a.Pix)) * 4 / 3
}
