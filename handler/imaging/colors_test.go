package imaging

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

// each compares a step with a formula for every pixel: what it makes of the channels from 0 to 255, rounded half to
// even.
func each(
	t *testing.T, name string, step recipe.Step, off int, formula func(r, g, b float64) (float64, float64, float64),
) {
	t.Helper()
	m := noise(64, 48, 7)
	got := edited(t, m, step)
	for i := 0; i < len(m.Pix); i += 4 {
		r, g, b := formula(float64(m.Pix[i]), float64(m.Pix[i+1]), float64(m.Pix[i+2]))
		for c, want := range []float64{r, g, b} {
			level := int(math.RoundToEven(min(255, max(0, want))))
			if abs(int(got.Pix[i+c])-level) > off {
				t.Errorf("%s: channel %d of %v is %d, want %d", name, c, m.Pix[i:i+3], got.Pix[i+c], level)
				return
			}
		}
		if got.Pix[i+3] != 255 {
			t.Errorf("%s: alpha is %d", name, got.Pix[i+3])
			return
		}
	}
}

func TestColourFiltersAreThoseOfTheEditor(t *testing.T) {
	t.Parallel()
	alike := func(of func(x float64) float64) func(r, g, b float64) (float64, float64, float64) {
		return func(r, g, b float64) (float64, float64, float64) { return of(r), of(g), of(b) }
	}
	each(t, "invert", recipe.Invert{}, 0, alike(func(x float64) float64 { return 255 - x }))
	each(t, "posterize", recipe.Posterize{Levels: 2}, 0, alike(func(x float64) float64 {
		if x > 127 {
			return 255
		}
		return 0
	}))
	each(t, "solarize", recipe.Solarize{Level: 100}, 0, alike(func(x float64) float64 {
		if x > 100 {
			return 255 - x
		}
		return x
	}))
	each(t, "threshold", recipe.Threshold{Level: 128}, 0, func(r, g, b float64) (float64, float64, float64) {
		to := 0.0
		if math.Round(0.2126*r+0.7152*g+0.0722*b) > 128 {
			to = 255
		}
		return to, to, to
	})
	each(
		t, "duotone", recipe.Duotone{Dark: color.NRGBA{R: 10, G: 20, B: 30, A: 255}, Light: color.NRGBA{
			R: 200,
			G: 100,
			B: 0,
			A: 255,
		}}, 1, func(
			r, g, b float64,
		) (float64, float64, float64) {
			share := math.Round(0.2126*r+0.7152*g+0.0722*b) / 255
			return 10 + 190*share, 20 + 80*share, 30 - 30*share
		})
	vintage, err := recipe.Parse([]byte(`{"version":1,"steps":[{"op":"filter","name":"vintage"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	each(t, "vintage", vintage.Steps[0], 0, func(r, g, b float64) (float64, float64, float64) {
		return 0.62793*r + 0.32021*g - 0.03965*b + 0.03784*255, 0.02578*r + 0.64411*g + 0.03259*b + 0.02926*255,
			0.0466*r - 0.08512*g + 0.52416*b + 0.02023*255
	})
	const alpha = 0.7
	for mode, formula := range map[recipe.Blend]func(x, t float64) float64{
		recipe.BlendTint:      func(x, t float64) float64 { return t + x*(1-alpha) },
		recipe.BlendAdd:       func(x, t float64) float64 { return x + t },
		recipe.BlendDiff:      func(x, t float64) float64 { return math.Abs(x - t) },
		recipe.BlendSubtract:  func(x, t float64) float64 { return x - t },
		recipe.BlendMultiply:  func(x, t float64) float64 { return x * t / 255 },
		recipe.BlendScreen:    func(x, t float64) float64 { return 255 - (255-x)*(255-t)/255 },
		recipe.BlendLighten:   math.Max,
		recipe.BlendDarken:    math.Min,
		recipe.BlendExclusion: func(x, t float64) float64 { return x + t - 2*x*t/255 },
		recipe.BlendOverlay: func(x, t float64) float64 {
			if t < 128 {
				return 2 * x * t / 255
			}
			return 255 - 2*(255-x)*(255-t)/255
		},
	} {
		each(t, string(mode),
			recipe.BlendColor{Mode: mode, Color: color.NRGBA{R: 3, G: 189, B: 158, A: 255}, Alpha: alpha}, 1, func(
				r, g, b float64,
			) (float64, float64, float64) {
				return formula(r, 3*alpha), formula(g, 189*alpha), formula(b, 158*alpha)
			})
	}
}

func TestAdjustmentsOfLightAndColour(t *testing.T) {
	t.Parallel()
	light := func(x float64) float64 {
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	alike := func(of func(x float64) float64) func(r, g, b float64) (float64, float64, float64) {
		return func(r, g, b float64) (float64, float64, float64) { return of(r), of(g), of(b) }
	}
	each(t, "gamma", recipe.Adjust{Gamma: 2}, 1, alike(func(x float64) float64 { return 255 * math.Sqrt(x/255) }))
	each(t, "exposure", recipe.Adjust{Exposure: 1, Gamma: 1}, 1, alike(func(x float64) float64 {
		want := min(1, 2*light(x/255))
		low, high := 0.0, 1.0 // the inverse, by bisection
		for range 40 {
			if mid := (low + high) / 2; light(mid) < want {
				low = mid
			} else {
				high = mid
			}
		}
		return 255 * low
	}))
	each(t, "temperature", recipe.Adjust{Temperature: 40, Gamma: 1}, 0, func(
		r, g, b float64,
	) (float64, float64, float64) {
		return r * 1.1, g, b * 0.9
	})
	each(t, "a third of the circle", recipe.Adjust{Hue: 120, Gamma: 1}, 0, func(
		r, g, b float64,
	) (float64, float64, float64) {
		return b, r, g
	})
	each(t, "a third back", recipe.Adjust{Hue: -120, Gamma: 1}, 0, func(r, g, b float64) (float64, float64, float64) {
		return g, b, r
	})
	gifts := func(f gift.Filter) func(x float64) float64 {
		from, to := image.NewNRGBA(image.Rect(0, 0, 256, 1)), image.NewNRGBA(image.Rect(0, 0, 256, 1))
		for i := range 256 {
			from.SetNRGBA(i, 0, color.NRGBA{uint8(i), uint8(i), uint8(i), 255})
		}
		gift.New(f).Draw(to, from)
		return func(x float64) float64 { return float64(to.Pix[int(x)*4]) }
	}
	each(t, "sigmoid", recipe.Adjust{Gamma: 1, Sigmoid: recipe.Sigmoid{Midpoint: 0.4, Factor: 5}}, 1,
		alike(gifts(gift.Sigmoid(0.4, 5))))
	each(t, "sigmoid back", recipe.Adjust{Gamma: 1, Sigmoid: recipe.Sigmoid{Midpoint: 0.6, Factor: -7}}, 1,
		alike(gifts(gift.Sigmoid(0.6, -7))))
	each(t, "shadows", recipe.Adjust{Gamma: 1, Shadows: 100}, 1, alike(func(x float64) float64 {
		return x + (math.Sqrt(x*255)-x)*math.Pow(1-x/255, 2)
	}))
	// darker: the dark end, mirrored
	each(t, "highlights", recipe.Adjust{Gamma: 1, Highlights: -50}, 1, alike(func(x float64) float64 {
		d := 255 - x
		return 255 - (d + (math.Sqrt(d*255)-d)*math.Pow(1-d/255, 2)/2)
	}))
	each(t, "nothing", recipe.Adjust{Gamma: 1}, 0, func(r, g, b float64) (float64, float64, float64) { return r, g, b })

	dull, vivid := image.NewNRGBA(image.Rect(0, 0, 1, 1)), image.NewNRGBA(image.Rect(0, 0, 1, 1))
	dull.SetNRGBA(0, 0, color.NRGBA{120, 110, 100, 255})
	vivid.SetNRGBA(0, 0, color.NRGBA{250, 110, 5, 255})
	moved := func(m *image.NRGBA) int { return furthest(t, m, edited(t, m, recipe.Adjust{Vibrance: 100, Gamma: 1})) }
	if moved(dull) < 8 || moved(vivid) > 5 {
		t.Errorf("vibrance moves a dull colour by %d and a vivid one by %d", moved(dull), moved(vivid))
	}
}

func TestColoursAreRemovedAndShineThrough(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 4, 1))
	m.SetNRGBA(0, 0, color.NRGBA{255, 255, 255, 255})
	m.SetNRGBA(1, 0, color.NRGBA{206, 230, 210, 255})
	m.SetNRGBA(2, 0, color.NRGBA{204, 255, 255, 255}) // as far as the distance, which is not less
	m.SetNRGBA(3, 0, color.NRGBA{100, 200, 0, 128})
	got := edited(t, m, recipe.RemoveColor{Color: color.NRGBA{255, 255, 255, 255}, Distance: 0.2})
	for x, want := range []uint8{0, 0, 255, 128} {
		if a := got.NRGBAAt(x, 0).A; a != want {
			t.Errorf("alpha of pixel %d is %d, want %d", x, a, want)
		}
	}
	flat := edited(t, m, recipe.Flatten{Background: color.NRGBA{0, 0, 200, 255}})
	if c := flat.NRGBAAt(3, 0); c != (color.NRGBA{50, 100, 100, 255}) || flat.NRGBAAt(0, 0) != m.NRGBAAt(0, 0) {
		t.Errorf("flattened to %v", c)
	}
}

func TestLevelsAreStretchedBetweenPercentiles(t *testing.T) {
	t.Parallel()
	// levels from 50 to 149 in red, half of that in green and blue; 200 bands
	m := image.NewNRGBA(image.Rect(0, 0, 100, 200))
	for i := 0; i < len(m.Pix); i += 4 {
		x := uint8(i / 4 % 100)
		copy(m.Pix[i:], []byte{50 + x, 20 + x/2, 20 + x/2, 255})
	}
	m.SetNRGBA(0, 0, color.NRGBA{0, 0, 0, 0}) // what nobody sees does not count
	all := edited(t, m, recipe.AutoLevels{Low: 0, High: 100})
	if a, b := all.NRGBAAt(0, 1),
		all.NRGBAAt(99, 1); a != (color.NRGBA{59, 0, 0, 255}) || b != (color.NRGBA{255, 97, 97, 255}) {
		t.Errorf("stretched together to %v and %v", a, b) // 20 to 149 becomes 0 to 255
	}
	apart := edited(t, m, recipe.AutoLevels{Low: 0, High: 100, Channels: true})
	if a, b := apart.NRGBAAt(0, 1),
		apart.NRGBAAt(99, 1); a != (color.NRGBA{0, 0, 0, 255}) || b != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("stretched apart to %v and %v", a, b)
	}
	cut := edited(t, m, recipe.AutoLevels{Low: 9.5, High: 89.5, Channels: true})
	// 59 is the tenth column, 139 the ninetieth
	for x, want := range map[int]uint8{9: 0, 10: 3, 49: 127, 89: 255, 95: 255} {
		if got := cut.NRGBAAt(x, 1).R; abs(int(got)-int(want)) > 1 {
			t.Errorf("column %d is %d, want %d", x, got, want)
		}
	}
	even := image.NewNRGBA(image.Rect(0, 0, 9, 9))
	fill(even, color.NRGBA{80, 80, 80, 255})
	even = edited(t, even, recipe.AutoLevels{Low: 1, High: 99})
	if c := even.NRGBAAt(4, 4); c != (color.NRGBA{80, 80, 80, 255}) {
		t.Errorf("an even picture became %v", c)
	}
}
