package imaging

import (
	"image"
	"image/color"
	"math"
	"testing"

	"imagepro/handler/recipe"
)

// spread returns the Gaussian blur of a picture's alpha at a point, computed the long way.
func spread(m *image.NRGBA, x, y int, sigma float64) float64 {
	sum, all := 0.0, 0.0
	for j := -20; j <= 20; j++ {
		for i := -20; i <= 20; i++ {
			w := math.Exp(-float64(i*i+j*j) / (2 * sigma * sigma))
			all += w
			if p := image.Pt(x+i, y+j); p.In(m.Rect) {
				sum += w * float64(m.NRGBAAt(p.X, p.Y).A)
			}
		}
	}
	return sum / all
}

func TestAShadowIsTheBlurredAlphaUnderThePicture(t *testing.T) {
	t.Parallel()
	m := thirds(30, 24)
	for _, sigma := range []float64{0, 2, 5} {
		got := edited(t, m, recipe.Shadow{
			Sigma:   px(sigma),
			OffsetX: px(4),
			OffsetY: px(-3),
			Color:   color.NRGBA{10, 200, 30, 128},
			Expand:  true,
		})
		reach := int(3 * sigma)
		at := image.Pt(max(0, reach-4), reach+3) // of the picture
		if want := image.Pt(at.X+30+max(0, reach+4), at.Y+max(24, 24+reach-3)); got.Rect.Max != want {
			t.Fatalf("sigma %g: the result is %v, want %v", sigma, got.Rect.Max, want)
		}
		for y := range got.Rect.Dy() {
			for x := range got.Rect.Dx() {
				p := got.NRGBAAt(x, y)
				shade := 0.0
				switch on := image.Pt(x, y).Sub(at).Sub(image.Pt(4, -3)); {
				case sigma > 0:
					shade = spread(m, on.X, on.Y, sigma) / 255 * 128
				case on.In(m.Rect):
					shade = float64(m.NRGBAAt(on.X, on.Y).A) / 255 * 128
				}
				var top color.NRGBA
				if on := image.Pt(x, y).Sub(at); on.In(m.Rect) {
					top = m.NRGBAAt(on.X, on.Y)
				}
				want := float64(top.A) + shade*(1-float64(top.A)/255)
				if math.Abs(float64(p.A)-want) > 3 {
					t.Fatalf("sigma %g: alpha at %d,%d is %d, want %.1f", sigma, x, y, p.A, want)
				}
				if top.A == 0 && p.A > 30 && (abs(int(p.R)-10) > 3 || abs(int(p.G)-200) > 3 || abs(int(p.B)-30) > 3) {
					t.Fatalf("sigma %g: the shadow at %d,%d is %v", sigma, x, y, p)
				}
				if top.A == 255 && p != top {
					t.Fatalf("sigma %g: the picture at %d,%d is %v, want %v", sigma, x, y, p, top)
				}
			}
		}
	}
}

func TestAShadowMayStayWithinThePicture(t *testing.T) {
	t.Parallel()
	m := thirds(30, 24)
	got := edited(t, m, recipe.Shadow{Sigma: px(0), OffsetX: px(2), OffsetY: px(40), Color: color.NRGBA{A: 255}})
	if furthest(t, got, m) != 0 {
		t.Error("a shadow out of sight changes the picture")
	}
	got = edited(t, m, recipe.Shadow{Sigma: px(0), OffsetX: px(2), OffsetY: px(0), Color: color.NRGBA{A: 255}})
	for y := range 24 {
		for x := range 30 {
			under := uint8(0)
			if x >= 2 {
				under = m.NRGBAAt(x-2, y).A
			}
			a := float64(m.NRGBAAt(x, y).A)
			if want := a + float64(under)*(1-a/255); math.Abs(float64(got.NRGBAAt(x, y).A)-want) > 1 {
				t.Fatalf("alpha at %d,%d is %d, want %.1f", x, y, got.NRGBAAt(x, y).A, want)
			}
		}
	}
	if got := edited(t, m, recipe.Shadow{Sigma: px(3), Expand: true}); got.Rect != m.Rect {
		t.Error("a shadow without colour makes the picture larger")
	}
}

// thirds is noise whose left third is transparent and whose middle third is half so.
func thirds(w, h int) *image.NRGBA {
	m := noise(w, h, 9)
	for i := 3; i < len(m.Pix); i += 4 {
		switch x := i / 4 % w; {
		case x < w/3:
			m.Pix[i] = 0
		case x < 2*w/3:
			m.Pix[i] = 128
		}
	}
	return m
}

func TestAVignetteGrowsFromTheMiddleToTheCorners(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 81, 41))
	fill(m, color.NRGBA{200, 200, 200, 77})
	got := edited(t, m, recipe.Vignette{Amount: 80, Midpoint: 40, Color: color.NRGBA{100, 0, 255, 255}})
	for y := range 41 {
		for x := range 81 {
			d := math.Hypot((float64(x)-40)/40.5, (float64(y)-20)/20.5) / math.Sqrt2
			share := 0.0
			if d > 0.4 {
				share = 0.8 * math.Pow((d-0.4)/0.6, 2) * (3 - 2*(d-0.4)/0.6)
			}
			want := color.NRGBA{uint8(200 - 100*share + 0.5), uint8(200 - 200*share + 0.5), uint8(200 + 55*share + 0.5),
				77}
			p := got.NRGBAAt(x, y)
			if abs(int(p.R)-int(want.R)) > 1 || abs(int(p.G)-int(want.G)) > 1 || abs(int(p.B)-int(want.B)) > 1 ||
				p.A != 77 {
				t.Fatalf("%d,%d is %v, want %v", x, y, p, want)
			}
		}
	}
	if got := edited(t, m, recipe.Vignette{}); furthest(t, got, m) != 0 {
		t.Error("nothing of a colour changes the picture")
	}
	one := edited(t, noise(1, 1, 1), recipe.Vignette{Amount: 100})
	if one.NRGBAAt(0, 0) != noise(1, 1, 1).NRGBAAt(0, 0) {
		t.Error("one pixel is its own middle, and was changed")
	}
}
