package imaging

import (
	"context"
	"errors"
	"image"
	"testing"

	"imagepro/handler/recipe"
)

func TestEncodersEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	m := noise(300, 200, 1)
	indexed, err := requantized(context.Background(), m, 16, 0)
	if err != nil {
		t.Fatal(err)
	}
	for format, pixels := range map[Format]image.Image{PNG: m, TIFF: m, BMP: m, GIF: indexed} {
		w := writer{plan: &plan{format: format, warnings: warnings{}}, output: recipe.Output{Quality: 80}}
		if err := w.encode(&unended{ctx: ended}, pixels, 80); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
	}
	w := writer{plan: &plan{format: WebP, warnings: warnings{}},
		output: recipe.Output{Quality: 80, MinQuality: 1, MaxBytes: 10}}
	tried := 0
	_, err = w.short(ended, func(int) ([]byte, error) { tried++; return make([]byte, 11), nil })
	if !errors.Is(err, context.Canceled) || tried != 1 {
		t.Errorf("%d qualities were tried: %v", tried, err)
	}
}
