package imaging

import (
	"context"
	"image"
	"image/color"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

// veil makes some pixels of a picture transparent, whose colours must not be seen.
func veil(m *image.NRGBA) *image.NRGBA {
	for i := 0; i < len(m.Pix); i += 4 * 5 {
		copy(m.Pix[i:], []byte{255, 0, 255, 0})
	}
	return m
}

func TestAConvolutionIsGiftsOnOpaquePictures(t *testing.T) {
	t.Parallel()
	m := noise(40, 30, 3)
	weights := []float32{0.1, -0.2, 0.3, 0.1, 0.9, -0.4, 0, 0.2, 0.1}
	kernel := make([]float64, len(weights))
	for i, w := range weights {
		kernel[i] = float64(w)
	}
	got := edited(t, m, recipe.Convolve{
		Kernel: kernel,
		Scale:  1,
		Offset: 12,
		Edge:   recipe.EdgeClamp,
		Alpha:  recipe.AlphaKeep,
	})
	want := gifted(m, gift.Convolution(weights, false, false, false, 12.0/255))
	if d := furthest(t, got, want); d > 1 {
		t.Errorf("it differs from gift's by %d", d)
	}
}

func TestTheEdgesOfAConvolution(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	for x, v := range []uint8{10, 20, 40} {
		m.SetNRGBA(x, 0, color.NRGBA{v, v, v, 255})
	}
	left := make([]float64, 25) // takes the pixel two to the left
	left[10] = 1
	for edge, want := range map[recipe.Edge][3]uint8{
		recipe.EdgeClamp:  {10, 10, 10},
		recipe.EdgeMirror: {40, 20, 10},
		recipe.EdgeZero:   {0, 0, 10},
	} {
		got := edited(t, m, recipe.Convolve{Kernel: left, Scale: 1, Edge: edge, Alpha: recipe.AlphaKeep})
		for x := range want {
			if c := got.NRGBAAt(x, 0); c != (color.NRGBA{want[x], want[x], want[x], 255}) {
				t.Errorf("%s: pixel %d is %v, want %d", edge, x, c, want[x])
			}
		}
	}
	for at, want := range map[int]int{-1: 1, -2: 2, -3: 1, -4: 0, 3: 1, 4: 0, 7: 1, 40: 0} {
		if got := mirrored(at, 3); got != want {
			t.Errorf("place %d is mirrored to %d, want %d", at, got, want)
		}
	}
	if mirrored(-7, 1) != 0 {
		t.Error("a line of one pixel is mirrored to elsewhere")
	}
}

func TestHiddenColoursStayHidden(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 20, 20))
	for i := 0; i < len(m.Pix); i += 4 {
		copy(m.Pix[i:], []byte{100, 100, 100, 255})
	}
	veil(m)
	for _, step := range []recipe.Step{
		recipe.Convolve{
			Kernel: slices.Repeat([]float64{1}, 9),
			Scale:  1.0 / 9,
			Edge:   recipe.EdgeClamp,
			Alpha:  recipe.AlphaKeep,
		},
		recipe.Rank{Mode: recipe.Maximum, Size: 3}, recipe.Rank{Mode: recipe.Minimum, Size: 5},
		recipe.Rank{Mode: recipe.Median, Size: 7},
	} {
		got := edited(t, m, step)
		for i := 0; i < len(m.Pix); i += 4 {
			if got.Pix[i+3] != m.Pix[i+3] {
				t.Fatalf("%s: the alpha of pixel %d is %d, was %d", step.Op(), i/4, got.Pix[i+3], m.Pix[i+3])
			}
			if m.Pix[i+3] == 255 && !slices.Equal(got.Pix[i:i+3], []byte{100, 100, 100}) {
				t.Fatalf("%s: pixel %d is %v", step.Op(), i/4, got.Pix[i:i+3])
			}
		}
	}
}

// The reference sorts the square around each pixel.
func TestRanksAreThoseOfTheSortedSquare(t *testing.T) {
	t.Parallel()
	m := veil(noise(23, 17, 5))
	for _, size := range []int{3, 5, 7} {
		for mode, of := range map[recipe.RankMode]func(n int) int{
			recipe.Minimum: func(int) int { return 0 },
			recipe.Median:  func(n int) int { return (n - 1) / 2 },
			recipe.Maximum: func(n int) int { return n - 1 },
		} {
			got := edited(t, m, recipe.Rank{Mode: mode, Size: size})
			for y := range 17 {
				for x := range 23 {
					var square []uint8
					for dy := -size / 2; dy <= size/2; dy++ {
						for dx := -size / 2; dx <= size/2; dx++ {
							if c := m.NRGBAAt(x+dx, y+dy); c.A > 0 {
								square = append(square, c.G)
							}
						}
					}
					slices.Sort(square)
					if want := square[of(len(square))]; got.NRGBAAt(x, y).G != want {
						t.Fatalf("%s of %d at %d,%d is %d, want %d", mode, size, x, y, got.NRGBAAt(x, y).G, want)
					}
				}
			}
		}
	}
}

func TestNoiseIsEvenAndItsSeedsOwn(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 200, 150))
	for i := range m.Pix {
		m.Pix[i] = 128
	}
	first := edited(t, m, recipe.Noise{Amount: 60, Seed: 1, Monochrome: true})
	var sum, squares float64
	for i := 0; i < len(first.Pix); i += 4 {
		q := first.Pix[i : i+4]
		if q[0] != q[1] || q[1] != q[2] || q[3] != 128 {
			t.Fatalf("pixel %d is %v", i/4, q)
		}
		d := float64(q[0]) - 128
		if math.Abs(d) > 30 {
			t.Fatalf("pixel %d moved by %v", i/4, d)
		}
		sum, squares = sum+d, squares+d*d
	}
	n := float64(200 * 150)
	if mean, variance := sum/n, squares/n; math.Abs(mean) > 0.5 || math.Abs(variance-60*60/12) > 12 {
		t.Errorf("mean %.2f, variance %.1f, want 0 and 300", mean, variance)
	}
	if same := edited(t, m, recipe.Noise{Amount: 60, Seed: 1, Monochrome: true}); !slices.Equal(same.Pix, first.Pix) {
		t.Error("the same seed made another grain")
	}
	alike := 0
	other := edited(t, m, recipe.Noise{Amount: 60, Seed: 2})
	for i := 0; i < len(other.Pix); i += 4 {
		if other.Pix[i] == first.Pix[i] {
			alike++
		}
		if other.Pix[i] == other.Pix[i+1] && other.Pix[i+1] == other.Pix[i+2] {
			alike++
		}
	}
	if alike > 1500 {
		t.Errorf("%d of 30000 pixels are the same with another seed or gray with colours", alike)
	}
	if got := edited(t, m, recipe.Noise{}); !slices.Equal(got.Pix, m.Pix) {
		t.Error("no noise changed the picture")
	}
}

// It changes the number of processors, so it is no parallel test.
func TestNeighboursDoNotDependOnProcessors(t *testing.T) {
	m := noise(90, 200, 9)
	steps := []recipe.Step{
		recipe.Noise{Amount: 50, Seed: 3}, recipe.Rank{Mode: recipe.Median, Size: 5},
		recipe.Convolve{
			Kernel: slices.Repeat([]float64{1}, 25),
			Scale:  0.04,
			Edge:   recipe.EdgeMirror,
			Alpha:  recipe.AlphaKeep,
		},
	}
	want := edited(t, m, steps...)
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	if got := edited(t, m, steps...); !slices.Equal(got.Pix, want.Pix) {
		t.Error("one processor makes another picture")
	}
}

func TestNeighboursEndWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := noise(20, 200, 1)
	for _, op := range []operation{
		ranked{Rank: recipe.Rank{Mode: recipe.Median, Size: 3}, in: m.Rect.Max},
		grained{Noise: recipe.Noise{Amount: 1}, in: m.Rect.Max},
		convolved{Convolve: recipe.Convolve{Kernel: make([]float64, 9)}, in: m.Rect.Max, side: 3},
	} {
		if _, err := op.apply(ctx, m); err != context.Canceled {
			t.Errorf("%s: %v", op, err)
		}
	}
}
