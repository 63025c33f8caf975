//go:build goexperiment.simd && amd64

package imaging

import (
	"context"
	"image"
	"math/rand/v2"
	"slices"
	"testing"
)

// It switches the instructions off, so it is no parallel test.
func TestVectorsMakeTheSameBytes(t *testing.T) {
	if !avx2 {
		t.Skip("the processor has no AVX2")
	}
	defer func() { avx2 = true }()
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		in, out := image.Pt(1+random.IntN(90), 1+random.IntN(90)), image.Pt(1+random.IntN(120), 1+random.IntN(120))
		m := noise(in.X, in.Y, random.Uint64())
		if random.IntN(3) == 0 {
			veil(m)
		}
		kernel := resampling(kernels[random.IntN(len(kernels))])
		var results [2][]byte
		for i := range results {
			avx2 = i == 0
			got, err := resample(context.Background(), m, out, kernel)
			if err != nil {
				t.Fatal(err)
			}
			results[i] = got.Pix
		}
		src := randomPlane(in.X, in.Y, random.Uint64())
		for i := range results {
			avx2 = i == 0
			dst := plane{make([]byte, out.X*out.Y), out.X, out.Y}
			if err := resamplePlane(context.Background(), dst, src, [2]float64{ratio(in.X, out.X), ratio(in.Y, out.Y)},
				kernel); err != nil {
				t.Fatal(err)
			}
			results[i] = append(results[i], dst.pix...)
		}
		if !slices.Equal(results[0], results[1]) {
			t.Fatalf("%v to %v: the results differ", in, out)
		}
	}
}
