package peer

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"imagepro/handler/dev/photos"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// equivalents are recipes and how near their results are to those of quality.mjs at the least, away from the borders:
// as peak signal-to-noise ratio in dB, in red, green and blue, and as structural similarity of the lightness.
var equivalents = []struct {
	name, source, steps string
	psnr, ssim          float64
}{
	{"resize 1600", "source.png", `{"op":"resize","width":1600}`, 45, 0.995},
	{"resize 1000", "source.png", `{"op":"resize","width":1000}`, 45, 0.995},
	{"resize 640", "source.png", `{"op":"resize","width":640}`, 45, 0.995},
	{"resize 200", "source.png", `{"op":"resize","width":200}`, 45, 0.995},
	{"enlarge 150", "source.png", `{"op":"resize","width":"150%","kernel":"cubic"}`, 45, 0.995},
	{"contrast 800", "source.png", `{"op":"resize","width":800},{"op":"adjust","contrast":20}`, 38, 0.99},
	{"rotate 90", "source.png", `{"op":"rotate","angle":90}`, math.Inf(1), 1},
	{"rotate 7", "source.png", `{"op":"rotate","angle":7,"background":"#ffffff"}`, 38, 0.97},
	{"blur 4", "source.png", `{"op":"blur","sigma":4}`, 48, 0.995},
	{"sharpen 1", "source.png", `{"op":"sharpen","sigma":1}`, 44, 0.995},
	{"grayscale", "source.png", `{"op":"filter","name":"grayscale","mode":"luma709"}`, 38, 0.99},
	{"extend", "source.png", `{"op":"extend","top":10,"right":20,"bottom":30,"left":40,"background":"#ff8000"}`,
		math.Inf(1), 1},
	{"crop", "source.png", `{"op":"crop","x":100,"y":50,"width":640,"height":480}`, math.Inf(1), 1},
	{"composite", "source.png",
		`{"op":"watermark","image":{"data":"data:image/png;base64,%s"},"size":200,"offset":{"x":0,"y":0}}`, 60, 0.999},
	{"chroma", "source.jpg", `{"op":"filter","name":"invert"}`, 45, 0.995},
}

// border is how far from the edges results are compared: there each program has its own way to go on.
const border = 16

// TestQualityBesideSharp prints and checks how near the results are to sharp's.
//
//	make quality
func TestQualityBesideSharp(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("node_modules", "sharp")); err != nil {
		t.Skip("sharp is not installed: make quality installs it")
	}
	folder := t.TempDir()
	logo := drawSources(t, folder)
	if out, err := exec.Command("node", "quality.mjs", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, e := range equivalents {
		steps := e.steps
		if e.name == "composite" {
			steps = fmt.Sprintf(e.steps, base64.StdEncoding.EncodeToString(logo))
		}
		ours := result(t, filepath.Join(folder, e.source), steps)
		theirs := opaque(readPicture(t, filepath.Join(folder, e.name+".png")))
		if ours.Rect != theirs.Rect {
			t.Errorf("%s: the result is %v, sharp's is %v", e.name, ours.Rect, theirs.Rect)
			continue
		}
		inner := ours.Rect.Inset(border)
		p, s := psnr(ours, theirs, inner), ssim(ours, theirs, inner)
		fmt.Printf("quality: %s psnr %.1f ssim %.4f peer sharp\n", e.name, p, s)
		if p < e.psnr || s < e.ssim {
			t.Errorf("%s: PSNR is %.1f dB and SSIM %.4f; at least %.1f and %.4f are expected", e.name, p, s, e.psnr,
				e.ssim)
		}
	}
	rough := steps(result(t, filepath.Join(folder, "source.jpg"), `{"op":"filter","name":"invert"}`))
	fmt.Printf("quality: chroma within pairs to between pairs %.2f\n", rough)
	if rough < 0.3 && jpegcodec.Turbo { // the standard library's decoder leaves it to the conversion, which doubles it

		t.Errorf("chroma changes %.2f as much within the pairs that share it as between them: it was not made smooth",
			rough)
	}
}

// drawSources puts a photograph, as PNG and as JPEG with halved chroma, and a logo into a folder, and returns the logo.
func drawSources(t *testing.T, folder string) []byte {
	t.Helper()
	drawn, err := photos.Draw(t.TempDir(), photos.Options{Count: 1, MinMegapixels: 3, MaxMegapixels: 3})
	if err != nil {
		t.Fatal(err)
	}
	m := opaque(readPicture(t, drawn[0].Path))
	var asJPEG, logo bytes.Buffer
	if err := jpeg.Encode(&asJPEG, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	mark := image.NewNRGBA(image.Rect(0, 0, 200, 120))
	for i := 0; i < len(mark.Pix); i += 4 {
		x, y := i/4%200, i/800
		copy(mark.Pix[i:], []byte{uint8(x), uint8(2 * y), 90, uint8(255 * min(x, 199-x, y, 119-y) / 60)})
	}
	if err := png.Encode(&logo, mark); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"source.png": encoded(t, m), "source.jpg": asJPEG.Bytes(),
		"logo.png": logo.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return logo.Bytes()
}

func encoded(t *testing.T, m image.Image) []byte {
	t.Helper()
	var to bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&to, m); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

func readPicture(t *testing.T, path string) image.Image {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// opaque returns a picture on black, from zero on.
func opaque(m image.Image) *image.NRGBA {
	to := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	draw.Draw(to, to.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(to, to.Rect, m, m.Bounds().Min, draw.Over)
	return to
}

// result is what the engine makes of a file.
func result(t *testing.T, path, steps string) *image.NRGBA {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := recipe.Parse([]byte(`{"version":1,"steps":[` + steps + `],"output":{"format":"png"}}`))
	if err != nil {
		t.Fatal(err)
	}
	edited, err := imaging.Edit(context.Background(), src, r, imaging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(edited.Data))
	if err != nil {
		t.Fatal(err)
	}
	return opaque(m)
}

// psnr is the peak signal-to-noise ratio of two pictures within a rectangle, in dB.
func psnr(a, b *image.NRGBA, within image.Rectangle) float64 {
	sum := 0.0
	for y := within.Min.Y; y < within.Max.Y; y++ {
		for x := within.Min.X; x < within.Max.X; x++ {
			i := a.PixOffset(x, y)
			for c := range 3 {
				d := float64(a.Pix[i+c]) - float64(b.Pix[i+c])
				sum += d * d
			}
		}
	}
	return 10 * math.Log10(255*255*3*float64(within.Dx()*within.Dy())/sum)
}

// ssim is the mean structural similarity of the lightness of two pictures within a rectangle, over windows of 8 × 8
// pixels that overlap by half (Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli: Image Quality Assessment: From Error
// Visibility to Structural Similarity, IEEE Transactions on Image Processing 13, 2004, equation 13 with K1 = 0.01 and
// K2 = 0.03).
func ssim(a, b *image.NRGBA, within image.Rectangle) float64 {
	const side, c1, c2 = 8, 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255
	sum, windows := 0.0, 0
	for top := within.Min.Y; top+side <= within.Max.Y; top += side / 2 {
		for left := within.Min.X; left+side <= within.Max.X; left += side / 2 {
			var sa, sb, saa, sbb, sab float64
			for y := top; y < top+side; y++ {
				for x := left; x < left+side; x++ {
					i := a.PixOffset(x, y)
					la, lb := lightness(a.Pix[i:]), lightness(b.Pix[i:])
					sa, sb, saa, sbb, sab = sa+la, sb+lb, saa+la*la, sbb+lb*lb, sab+la*lb
				}
			}
			const n = side * side
			ma, mb := sa/n, sb/n
			va, vb, cov := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			windows++
		}
	}
	return sum / float64(windows)
}

func lightness(p []byte) float64 {
	return 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
}

// steps is how much chroma changes within the pairs of pixels that share it in the file, against between them: 0 where
// it was only doubled, nearly 1 on a slope that was made smooth, and less where it is noisy.
func steps(m *image.NRGBA) float64 {
	var within, between float64
	for y := range m.Rect.Dy() {
		for x := 0; x+2 < m.Rect.Dx(); x += 2 {
			i := m.PixOffset(x, y)
			red := func(p []byte) float64 { return float64(p[0]) - lightness(p) }
			within += math.Abs(red(m.Pix[i+4:]) - red(m.Pix[i:]))
			between += math.Abs(red(m.Pix[i+8:]) - red(m.Pix[i+4:]))
		}
	}
	return within / between
}

func TestTheMeasuresOfQuality(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i % 200)
	}
	brighter := image.NewNRGBA(m.Rect)
	for i := range m.Pix {
		brighter.Pix[i] = m.Pix[i] + 1
	}
	if p := psnr(m, brighter, m.Rect); math.Abs(p-20*math.Log10(255)) > 1e-9 { // every error is 1
		t.Errorf("PSNR of pictures one level apart is %v", p)
	}
	if s := ssim(m, m, m.Rect); math.Abs(s-1) > 1e-9 {
		t.Errorf("SSIM of a picture and itself is %v", s)
	}
	if s := ssim(m, image.NewNRGBA(m.Rect), m.Rect); s > 0.1 {
		t.Errorf("SSIM of a picture and black is %v", s)
	}
	doubled := image.NewNRGBA(m.Rect)
	for i := range doubled.Pix {
		doubled.Pix[i] = m.Pix[i/8*8+i%4]
	}
	if s := steps(doubled); s != 0 {
		t.Errorf("chroma that was doubled changes by %v", s)
	}
}
