package imaging

import (
	"context"
	"errors"
	"image"
	"image/color"
	"testing"

	"imagepro/handler/recipe"
)

func px(v float64) recipe.Length { return recipe.Length{Value: v} }

func TestRoomAndBordersGrowThePicture(t *testing.T) {
	t.Parallel()
	m := noise(20, 10, 3)
	red := color.NRGBA{255, 0, 0, 255}
	got := edited(t, m, recipe.Extend{Top: px(3), Left: recipe.Length{Value: 10, Percent: true}, Background: red})
	if got.Rect.Max != image.Pt(22, 13) || furthest(t, view(got, image.Rect(2, 3, 22, 13)), m) != 0 ||
		got.NRGBAAt(0, 0) != red || got.NRGBAAt(21, 2) != red {
		t.Errorf("extended to %v", got.Rect)
	}
	got = edited(t, m, recipe.Border{Width: recipe.Length{Value: 20, Percent: true}, Color: red})
	if got.Rect.Max != image.Pt(24, 14) || furthest(t, view(got, image.Rect(2, 2, 22, 12)), m) != 0 ||
		got.NRGBAAt(23, 13) != red {
		t.Errorf("bordered to %v", got.Rect)
	}
	if got := edited(t, m, recipe.Extend{}); got.Rect != m.Rect {
		t.Errorf("no room makes %v", got.Rect)
	}
}

func TestRoundCornersAreTheSameAtAllFour(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{40, 30}, {31, 41}, {2, 2}, {1, 9}} {
		m := noise(size.X, size.Y, 4)
		got := edited(t, m, recipe.RoundCorners{Radius: px(12)})
		w, h := size.X-1, size.Y-1
		for y := range size.Y {
			for x := range size.X {
				a := got.NRGBAAt(x, y).A
				if a != got.NRGBAAt(w-x, y).A || a != got.NRGBAAt(x, h-y).A {
					t.Fatalf("%v: alpha at %d,%d is %d, another in another corner", size, x, y, a)
				}
			}
		}
		if size.X < 30 {
			continue
		}
		if got.NRGBAAt(0, 0).A != 0 || got.NRGBAAt(12, 0).A != 255 || got.NRGBAAt(4, 4).A != 255 ||
			got.NRGBAAt(size.X/2, size.Y/2).A != 255 {
			t.Errorf("%v: %d at the corner, %d beside it, %d within", size, got.NRGBAAt(0, 0).A, got.NRGBAAt(12, 0).A,
				got.NRGBAAt(4, 4).A)
		}
	}
}

func TestBlocksHaveOneColour(t *testing.T) {
	t.Parallel()
	m := noise(21, 13, 5)
	got := edited(t, m, recipe.Pixelate{Size: 8, Sample: recipe.SampleTopLeft})
	mean := edited(t, m, recipe.Pixelate{Size: 8, Sample: recipe.SampleAverage})
	for y := range 13 {
		for x := range 21 {
			if got.NRGBAAt(x, y) != m.NRGBAAt(x/8*8, y/8*8) || mean.NRGBAAt(x, y) != mean.NRGBAAt(x/8*8, y/8*8) {
				t.Fatalf("%d,%d differs from its block", x, y)
			}
		}
	}
	sum := 0
	for y := 8; y < 13; y++ {
		for x := 16; x < 21; x++ {
			sum += int(m.NRGBAAt(x, y).G)
		}
	}
	if abs(int(mean.NRGBAAt(20, 12).G)-sum/25) > 1 {
		t.Errorf("the mean of the last block is %d, want %d", mean.NRGBAAt(20, 12).G, sum/25)
	}
}

// Nothing of a region may be left in the result, at its edges or anywhere else: two pictures that differ in the region
// alone have the same result, but for what blocks and blurs make of the whole of it.
func TestRedactedRegionsAreGone(t *testing.T) {
	t.Parallel()
	a, b := noise(60, 40, 1), noise(60, 40, 1)
	regions := []recipe.Region{
		{Shape: recipe.Rectangle, X: px(-5), Y: px(-5), Width: px(15), Height: px(12)},
		{Shape: recipe.Ellipse, X: px(20), Y: px(10), Width: px(30), Height: px(20)},
		{Shape: recipe.Rectangle, X: px(500), Y: px(0), Width: px(5), Height: px(5)}, // misses the picture
	}
	inside := func(x, y int) bool {
		if x < 10 && y < 7 {
			return true
		}
		dx, dy := (float64(x)+0.5-35)/15, (float64(y)+0.5-20)/10
		return dx*dx+dy*dy < 1
	}
	for y := range 40 {
		for x := range 60 {
			if inside(x, y) {
				b.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), 7, 255})
			}
		}
	}
	red := color.NRGBA{200, 0, 0, 255}
	fillA, fillB := edited(t, a, recipe.Redact{Mode: recipe.RedactFill, Color: red, Regions: regions}),
		edited(t, b, recipe.Redact{Mode: recipe.RedactFill, Color: red, Regions: regions})
	if furthest(t, fillA, fillB) != 0 {
		t.Error("a filled region shows what it hides")
	}
	for y := range 40 {
		for x := range 60 {
			if inside(x, y) && fillA.NRGBAAt(x, y) != red {
				t.Fatalf("%d,%d is %v", x, y, fillA.NRGBAAt(x, y))
			}
		}
	}
	if fillA.NRGBAAt(11, 0) != a.NRGBAAt(11, 0) || fillA.NRGBAAt(21, 11) != a.NRGBAAt(21, 11) ||
		fillA.NRGBAAt(59, 39) != a.NRGBAAt(59, 39) {
		t.Error("something outside was changed")
	}
	for _, mode := range []recipe.RedactMode{recipe.RedactPixelate, recipe.RedactBlur} {
		step := recipe.Redact{Mode: mode, Size: 10, Sigma: 8, Regions: regions}
		got := edited(t, a, step)
		same := 0
		for y := range 40 {
			for x := range 60 {
				if inside(x, y) && got.NRGBAAt(x, y) == a.NRGBAAt(x, y) {
					same++
				}
				if !inside(x, y) && (x > 10 && x < 20 || x > 50) && got.NRGBAAt(x, y) != a.NRGBAAt(x, y) {
					t.Fatalf("%s: %d,%d outside was changed", mode, x, y)
				}
			}
		}
		if same > 5 {
			t.Errorf("%s: %d pixels are as they were", mode, same)
		}
	}
	if got := edited(t, a, recipe.Redact{Mode: recipe.RedactFill, Regions: regions[2:]}); furthest(t, got, a) != 0 {
		t.Error("a region that misses the picture changed it")
	}
}

func TestRegionsHideEveryPixelThatTheyTouch(t *testing.T) {
	t.Parallel()
	m := noise(101, 40, 8)
	green := color.NRGBA{0, 255, 0, 255}
	pct := func(v float64) recipe.Length { return recipe.Length{Value: v, Percent: true} }
	for name, c := range map[string]struct {
		region recipe.Region
		want   image.Rectangle
	}{
		// 10.1 to 20.2
		"shares": {recipe.Region{
			Shape:  recipe.Rectangle,
			X:      pct(10),
			Y:      pct(10),
			Width:  pct(10),
			Height: pct(25),
		}, image.Rect(10, 4, 21, 14)},
		"fractions": {recipe.Region{
			Shape:  recipe.Rectangle,
			X:      px(1.9),
			Y:      px(2.1),
			Width:  px(3),
			Height: px(3),
		}, image.Rect(1, 2, 5, 6)},
		"whole": {recipe.Region{
			Shape:  recipe.Rectangle,
			X:      px(1),
			Y:      px(2),
			Width:  px(3),
			Height: px(3),
		}, image.Rect(1, 2, 4, 5)},
		"third parts": {recipe.Region{
			Shape:  recipe.Rectangle,
			X:      pct(0),
			Y:      pct(0),
			Width:  pct(100),
			Height: pct(10),
		}, image.Rect(0, 0, 101, 4)},
	} {
		got := edited(t, m, recipe.Redact{Mode: recipe.RedactFill, Color: green, Regions: []recipe.Region{c.region}})
		for y := range 40 {
			for x := range 101 {
				if hidden := got.NRGBAAt(x, y) == green; hidden != image.Pt(x, y).In(c.want) {
					t.Fatalf("%s: %d,%d is hidden: %v; want %v hidden", name, x, y, hidden, c.want)
				}
			}
		}
	}
}

func TestARedactionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, mode := range []recipe.RedactMode{recipe.RedactFill, recipe.RedactPixelate, recipe.RedactBlur} {
		m := noise(50, 40, 8)
		r := redacted{
			in:      m.Rect.Max,
			mode:    mode,
			block:   8,
			sigma:   5,
			regions: []hiddenRegion{{whole: m.Rect, part: m.Rect}},
		}
		if _, err := r.apply(ended, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
