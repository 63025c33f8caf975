package imaging_test

import (
	"context"
	"image"
	"testing"

	"github.com/disintegration/gift"

	"imagepro/handler/imaging"
)

// large returns a photograph of 4000×3000 pixels as a camera would store it.
func large(b *testing.B) []byte {
	b.Helper()
	m := toNRGBA(decodeAny(b, photo(b, "Landscape_1.jpg")))
	out := image.NewNRGBA(image.Rect(0, 0, 4000, 3000))
	gift.New(gift.Resize(4000, 3000, gift.CubicResampling)).Draw(out, m)
	return asJPEG(b, &image.RGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect}, 90)
}

// BenchmarkEdit12MP is a photograph of 12 million pixels to 1600 pixels and JPEG quality 80, and to its own
// size with colours changed.
func BenchmarkEdit12MP(b *testing.B) {
	src := large(b)
	for name, document := range map[string]string{
		"1600q80": `{"version":1,"steps":[{"op":"resize","width":1600}],"output":{"quality":80}}`,
		"adjust": `{"version":1,"steps":[{"op":"adjust","brightness":10,"contrast":10,"saturation":10}],` +
			`"output":{"quality":80}}`,
	} {
		r := parse(b, document)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := imaging.Edit(context.Background(), src, r, imaging.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInspect(b *testing.B) {
	src := large(b)
	for b.Loop() {
		if _, err := imaging.Inspect(src, imaging.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
