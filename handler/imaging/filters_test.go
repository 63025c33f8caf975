package imaging

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

// noise returns random opaque pixels; the same ones for the same seed.
func noise(w, h int, seed uint64) *image.NRGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

// edited applies steps to a copy of a picture, without coding.
func edited(t testing.TB, m *image.NRGBA, steps ...recipe.Step) *image.NRGBA {
	t.Helper()
	info := Info{Format: PNG, StoredWidth: m.Rect.Dx(), StoredHeight: m.Rect.Dy(), Orientation: 1, Bits: 8}
	p, err := compile(info, &recipe.Recipe{Steps: steps}, Options{Limits: DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	out := &image.NRGBA{Pix: bytes.Clone(m.Pix), Stride: m.Stride, Rect: m.Rect}
	if out, err = convert(context.Background(), out, m.Rect.Max, p.start); err != nil {
		t.Fatal(err)
	}
	for _, op := range p.operations {
		if out, err = op.apply(context.Background(), out); err != nil {
			t.Fatal(err)
		}
		if out.Rect.Min != (image.Point{}) || out.Rect.Max != op.size() {
			t.Fatalf("%s returns %v, want %v at zero", op, out.Rect, op.size())
		}
	}
	return out
}

func gifted(m *image.NRGBA, filters ...gift.Filter) *image.NRGBA {
	g := gift.New(filters...)
	out := image.NewNRGBA(g.Bounds(m.Rect))
	g.Draw(out, m)
	return out
}

// furthest returns the largest difference of a channel.
func furthest(t *testing.T, a, b *image.NRGBA) int {
	t.Helper()
	if a.Rect != b.Rect {
		t.Fatalf("the sizes differ: %v and %v", a.Rect, b.Rect)
	}
	most := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			p, q := a.Pix[a.PixOffset(x, y):][:4], b.Pix[b.PixOffset(x, y):][:4]
			for i := range p {
				most = max(most, abs(int(p[i])-int(q[i])))
			}
		}
	}
	return most
}

func TestColoursAreThoseOfGift(t *testing.T) {
	t.Parallel()
	m := noise(64, 48, 1)
	for name, c := range map[string]struct {
		step recipe.Step
		want gift.Filter
		near int
	}{
		"brightness up":   {recipe.Adjust{Brightness: 40}, gift.Brightness(40), 0},
		"brightness down": {recipe.Adjust{Brightness: -100}, gift.Brightness(-100), 0},
		"contrast up":     {recipe.Adjust{Contrast: 40}, gift.Contrast(40), 1},
		"contrast down":   {recipe.Adjust{Contrast: -40}, gift.Contrast(-40), 1},
		"contrast full":   {recipe.Adjust{Contrast: 100}, gift.Contrast(100), 0},
		"contrast none":   {recipe.Adjust{Contrast: -100}, gift.Contrast(-100), 0},
		"saturation up":   {recipe.Adjust{Saturation: 60}, gift.Saturation(60), 1},
		"saturation full": {recipe.Adjust{Saturation: 100}, gift.Saturation(100), 1},
		"saturation down": {recipe.Adjust{Saturation: -35}, gift.Saturation(-35), 1},
		"saturation none": {recipe.Adjust{Saturation: -100}, gift.Saturation(-100), 1},
		"sepia":           {recipe.Sepia{Amount: 100}, gift.Sepia(100), 1},
		"half sepia":      {recipe.Sepia{Amount: 50}, gift.Sepia(50), 1},
		"luma":            {recipe.Grayscale{Mode: recipe.Luma601}, gift.Grayscale(), 1},
	} {
		if d := furthest(t, edited(t, m, c.step), gifted(m, c.want)); d > c.near {
			t.Errorf("%s differs from gift by up to %d, want %d", name, d, c.near)
		}
	}
}

func TestGrayIsExactInEveryMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    recipe.GrayMode
		r, g, b uint8
		want    uint8
	}{
		{recipe.Average, 10, 20, 31, 20},
		{recipe.Average, 10, 20, 32, 21},
		{recipe.Average, 255, 255, 255, 255},
		{recipe.Luma601, 255, 0, 0, 76},
		{recipe.Luma601, 255, 255, 255, 255},
		{recipe.Luma709, 0, 255, 0, 182},
		{recipe.Luma709, 255, 255, 255, 255},
		{recipe.Luminosity, 0, 0, 255, 18},
		{recipe.Luminosity, 255, 255, 255, 255},
		{recipe.Lightness, 10, 99, 21, 54}, // 54.5, to even
		{recipe.Lightness, 10, 99, 22, 54},
		{recipe.Lightness, 12, 99, 22, 56}, // 55.5, to even
		{recipe.Lightness, 255, 255, 255, 255},
	} {
		m := image.NewNRGBA(image.Rect(0, 0, 1, 1))
		m.SetNRGBA(0, 0, color.NRGBA{R: c.r, G: c.g, B: c.b, A: 77})
		got := edited(t, m, recipe.Grayscale{Mode: c.mode}).NRGBAAt(0, 0)
		if want := (color.NRGBA{R: c.want, G: c.want, B: c.want, A: 77}); got != want {
			t.Errorf("%s of %d %d %d is %v, want %v", c.mode, c.r, c.g, c.b, got, want)
		}
	}
}

func TestPointsInOnePassAreThePointsOneByOne(t *testing.T) {
	t.Parallel()
	m := noise(100, 70, 2)
	steps := []recipe.Step{
		recipe.Adjust{Brightness: 12, Contrast: 20, Saturation: -40},
		recipe.Sepia{Amount: 30}, recipe.Grayscale{Mode: recipe.Average}, recipe.Adjust{Brightness: -5},
	}
	apart := m
	for _, s := range steps {
		apart = edited(t, apart, s)
	}
	if d := furthest(t, edited(t, m, steps...), apart); d != 0 {
		t.Errorf("the results differ by up to %d", d)
	}
}

func TestABlurInBandsIsTheBlurOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, h := range []int{1, 5, bandRows - 1, bandRows, bandRows + 1, 2*bandRows + 3} {
		m := noise(40, h, 3)
		if d := furthest(t, edited(t, m, recipe.Blur{Sigma: 5.9}), gifted(m, gift.GaussianBlur(5.9))); d > 1 {
			t.Errorf("with %d rows the blurs differ by up to %d", h, d)
		}
	}
}

func TestACoarseBlurIsCloseToAnExactOne(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 300, 220))
	for y := range 220 {
		for x := range 300 {
			v := uint8(0)
			if (x/50+y/40)%2 == 0 {
				v = 255
			}
			m.SetNRGBA(x, y, color.NRGBA{R: v, G: 255 - v, B: uint8(x), A: 255})
		}
	}
	for _, sigma := range []float64{6, 10, 25, 60} {
		got, want := edited(t, m, recipe.Blur{Sigma: sigma}), gifted(m, gift.GaussianBlur(float32(sigma)))
		if d := furthest(t, got, want); d > 10 {
			t.Errorf("with sigma %g the blurs differ by up to %d of 255", sigma, d)
		}
		inner := m.Rect.Inset(min(100, int(3*sigma))) // where the edges, which repeat their pixels, count little
		if d := furthest(t, view(got, inner), view(want, inner)); d > 3 {
			t.Errorf("with sigma %g the blurs differ inside by up to %d of 255", sigma, d)
		}
	}
}

func TestABlurDoesNotPullColourOutOfTransparentPixels(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	fill(m, color.NRGBA{G: 255}) // green that nobody sees
	fill(view(m, image.Rect(10, 10, 30, 30)), color.NRGBA{R: 255, A: 255})
	for _, sigma := range []float64{2, 12} {
		out := edited(t, m, recipe.Blur{Sigma: sigma})
		for i := 0; i < len(out.Pix); i += 4 {
			if out.Pix[i+3] > 8 && out.Pix[i+1] > 4 {
				t.Fatalf("sigma %g: pixel %v has green", sigma, out.Pix[i:i+4])
			}
		}
	}
}

func TestSharpenIsAnUnsharpMaskThatLeavesAlpha(t *testing.T) {
	t.Parallel()
	m := noise(50, 50, 4)
	got := edited(t, m, recipe.Sharpen{Sigma: 1.5, Amount: 0.8, Threshold: 0.05})
	if d := furthest(t, got, gifted(m, gift.UnsharpMask(1.5, 0.8, 0.05))); d > 1 {
		t.Errorf("it differs from gift's by up to %d", d)
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = byte(i)
	}
	for _, sigma := range []float64{1.5, 20} {
		got = edited(t, m, recipe.Sharpen{Sigma: sigma, Amount: 5})
		for i := 3; i < len(m.Pix); i += 4 {
			if got.Pix[i] != m.Pix[i] {
				t.Fatalf("sigma %g changes alpha %d to %d", sigma, m.Pix[i], got.Pix[i])
			}
		}
	}
}

func TestRotatingThereAndBackKeepsTheMiddle(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 101, 81))
	for y := range 81 {
		for x := range 101 {
			m.SetNRGBA(x, y, color.NRGBA{
				R: uint8(128 + 100*math.Sin(float64(x)/9)),
				G: uint8(128 + 100*math.Cos(float64(y)/7)),
				B: 90,
				A: 255,
			})
		}
	}
	for _, kernel := range []recipe.Interpolation{recipe.Bicubic, recipe.Bilinear} {
		there := edited(t, m, recipe.Rotate{Angle: 23, Interpolation: kernel})
		back := edited(t, there, recipe.Rotate{Angle: 337, Interpolation: kernel})
		at := image.Pt((back.Rect.Dx()-51)/2, (back.Rect.Dy()-41)/2)
		middle := view(back, image.Rectangle{Min: at, Max: at.Add(image.Pt(51, 41))})
		if d := furthest(t, middle, view(m, image.Rect(25, 20, 76, 61))); d > 12 {
			t.Errorf("%s: the middle differs by up to %d", kernel, d)
		}
	}
}

func TestARotatedPictureLiesOnItsBackground(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 60, 40))
	fill(m, color.NRGBA{R: 200, G: 100, B: 50, A: 255})
	for _, kernel := range []recipe.Interpolation{recipe.NearestPixel, recipe.Bilinear, recipe.Bicubic} {
		out := edited(t, m, recipe.Rotate{Angle: 30, Background: color.NRGBA{B: 255, A: 255}, Interpolation: kernel})
		if out.Rect.Max != image.Pt(72, 65) {
			t.Errorf("%s: the canvas is %v, want 72×65", kernel, out.Rect.Max)
		}
		if got := out.NRGBAAt(0, 0); got != (color.NRGBA{B: 255, A: 255}) {
			t.Errorf("%s: the corner is %v", kernel, got)
		}
		if got := out.NRGBAAt(36, 32); got != (color.NRGBA{R: 200, G: 100, B: 50, A: 255}) {
			t.Errorf("%s: the middle is %v", kernel, got)
		}
		clear := edited(t, m, recipe.Rotate{Angle: 30, Interpolation: kernel})
		for i := 0; i < len(clear.Pix); i += 4 {
			p := clear.Pix[i : i+4]
			if p[3] > 0 && (p[0] != 200 || p[1] != 100 || p[2] != 50) {
				t.Fatalf("%s: the colour of an edge pixel is %v", kernel, p)
			}
		}
	}
}

func TestFlipsUndoThemselvesAndMirrorTheRightWay(t *testing.T) {
	t.Parallel()
	m := noise(7, 5, 5)
	for _, axis := range []recipe.Axis{recipe.Horizontal, recipe.Vertical, recipe.Both} {
		once := edited(t, m, recipe.Flip{Axis: axis})
		x, y := 6, 4
		if axis == recipe.Horizontal {
			y = 0
		}
		if axis == recipe.Vertical {
			x = 0
		}
		if once.NRGBAAt(0, 0) != m.NRGBAAt(x, y) {
			t.Errorf("%s: the corner is not that at %d,%d", axis, x, y)
		}
		if furthest(t, edited(t, once, recipe.Flip{Axis: axis}), m) != 0 {
			t.Errorf("%s twice is not nothing", axis)
		}
	}
}

func TestEveryKernelKeepsAFlatPictureFlat(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 50, 31))
	fill(m, color.NRGBA{R: 201, G: 102, B: 53, A: 254})
	for _, kernel := range []recipe.Kernel{recipe.Nearest, recipe.Box, recipe.Linear, recipe.Cubic, recipe.Lanczos3} {
		for _, to := range []float64{1, 17, 50, 133} {
			out := edited(t, m, recipe.Resize{Width: recipe.Length{Value: to}, Fit: recipe.Inside, Kernel: kernel})
			for i := 0; i < len(out.Pix); i += 4 {
				if !bytes.Equal(out.Pix[i:i+4], []byte{201, 102, 53, 254}) {
					t.Fatalf("%s to %g: a pixel is %v", kernel, to, out.Pix[i:i+4])
				}
			}
		}
	}
}

func TestContainPadsAtTheGravity(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 10, 10))
	fill(m, color.NRGBA{R: 255, A: 255})
	blue := color.NRGBA{B: 255, A: 255}
	step := recipe.Resize{
		Width:      recipe.Length{Value: 30},
		Height:     recipe.Length{Value: 10},
		Fit:        recipe.Contain,
		Kernel:     recipe.Box,
		Gravity:    recipe.East,
		Background: blue,
	}
	out := edited(t, m, step)
	if out.NRGBAAt(0, 5) != blue || out.NRGBAAt(19, 5) != blue || out.NRGBAAt(20, 5).R != 255 {
		t.Errorf("east: %v %v %v", out.NRGBAAt(0, 5), out.NRGBAAt(19, 5), out.NRGBAAt(20, 5))
	}
	step.Gravity = recipe.Center
	out = edited(t, m, step)
	if out.NRGBAAt(9, 5) != blue || out.NRGBAAt(10, 5).R != 255 || out.NRGBAAt(20, 5) != blue {
		t.Errorf("center: %v %v %v", out.NRGBAAt(9, 5), out.NRGBAAt(10, 5), out.NRGBAAt(20, 5))
	}
}
