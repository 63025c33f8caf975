package imaging

import (
	"context"
	"fmt"
	"image"
	"runtime"
	"slices"
	"testing"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

var kernels = []recipe.Kernel{recipe.Box, recipe.Linear, recipe.Cubic, recipe.Lanczos3}

func TestResamplingIsGifts(t *testing.T) {
	t.Parallel()
	sees := noise(60, 48, 8)
	for i := 3; i < len(sees.Pix); i += 4 {
		sees.Pix[i] = uint8(i * 7)
	}
	for name, m := range map[string]*image.NRGBA{"opaque": noise(60, 48, 3), "see-through": sees} {
		for _, size := range []image.Point{{60, 20}, {30, 48}, {20, 16}, {17, 13}, {5, 3}, {1, 1}, {100, 90}, {62, 46},
			{400, 1}} {
			for _, kernel := range kernels {
				if kernel == recipe.Box && 60%size.X+48%size.Y > 0 {
					continue // whether a pixel at the edge of the box counts is a matter of the last bit
				}
				got, err := resample(context.Background(), m, size, resampling(kernel))
				if err != nil {
					t.Fatal(err)
				}
				want := gifted(m, gift.Resize(size.X, size.Y, resampling(kernel)))
				// Under little alpha a colour says little: it is compared as it shows.
				for i := 0; i < len(want.Pix); i += 4 {
					for c := range 4 {
						a, b := int(got.Pix[i+c]), int(want.Pix[i+c])
						if c < 3 {
							a, b = a*int(got.Pix[i+3])/255, b*int(want.Pix[i+3])/255
						}
						if abs(a-b) > 1 {
							t.Fatalf("%s to %v with %s: channel %d of pixel %d is %d, gift's %d", name, size, kernel, c,
								i/4, a, b)
						}
					}
				}
			}
		}
	}
}

func TestAPlainColourStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, pixel := range [][]byte{{255, 255, 255, 255}, {0, 0, 0, 255}, {17, 200, 93, 255}, {17, 200, 93, 255 / 2},
		{255, 1, 128, 40}, {9, 9, 9, 0}} {
		m := image.NewNRGBA(image.Rect(0, 0, 50, 40))
		for i := 0; i < len(m.Pix); i += 4 {
			copy(m.Pix[i:], pixel)
		}
		for _, kernel := range kernels {
			for _, size := range []image.Point{{13, 11}, {77, 80}} {
				got, err := resample(context.Background(), m, size, resampling(kernel))
				if err != nil {
					t.Fatal(err)
				}
				for i := 0; i < len(got.Pix); i += 4 {
					q := got.Pix[i : i+4]
					if pixel[3] == 0 && q[3] == 0 {
						continue
					}
					if !slices.Equal(q, pixel) {
						t.Fatalf("%v became %v with %s", pixel, q, kernel)
					}
				}
			}
		}
	}
}

// It changes the number of processors, so it is no parallel test.
func TestResamplingDoesNotDependOnProcessors(t *testing.T) {
	m := noise(300, 500, 2)
	of := func() []byte {
		got, err := resample(context.Background(), m, image.Pt(111, 333), gift.LanczosResampling)
		if err != nil {
			t.Fatal(err)
		}
		return got.Pix
	}
	want := of()
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	if !slices.Equal(of(), want) {
		t.Error("one processor makes another picture")
	}
}

func TestWeightsSumUpToOne(t *testing.T) {
	t.Parallel()
	for _, sides := range [][2]int{{1, 1}, {1, 9}, {9, 1}, {4000, 1600}, {7, 3000}, {30000, 3}} {
		for _, kernel := range kernels {
			all := tapsOf(sides[0], sides[1], ratio(sides[0], sides[1]), resampling(kernel))
			if len(all) != sides[1] {
				t.Fatalf("%d places, want %d", len(all), sides[1])
			}
			for i, one := range all {
				sum := int32(0)
				for _, w := range one.weights {
					sum += w
				}
				if sum != 1<<weightBits || one.first < 0 || one.first+len(one.weights) > sides[0] {
					t.Fatalf("%v with %s: place %d from %d on with %d weights of sum %d", sides, kernel, i, one.first,
						len(one.weights), sum)
				}
			}
		}
	}
}

// BenchmarkResample is 2000×1500 pixels to 1600, beside gift.
func BenchmarkResample(b *testing.B) {
	m := noise(2000, 1500, 1)
	seen := image.NewNRGBA(m.Rect)
	copy(seen.Pix, m.Pix)
	seen.Pix[3] = 254
	size := image.Pt(1600, 1200)
	for name, m := range map[string]*image.NRGBA{"opaque": m, "alpha": seen} {
		b.Run(fmt.Sprintf("ours/%s", name), func(b *testing.B) {
			for b.Loop() {
				if _, err := resample(b.Context(), m, size, gift.LanczosResampling); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("gift/%s", name), func(b *testing.B) {
			for b.Loop() {
				gifted(m, gift.Resize(size.X, size.Y, gift.LanczosResampling))
			}
		})
	}
}
