package sheet

import (
	"image"
	"testing"
)

func drawn(t *testing.T, pairs int) *image.RGBA {
	t.Helper()
	p, err := compose("Trial", make([]Pair, pairs))
	if err != nil {
		t.Fatal(err)
	}
	return p.img
}

func TestASheetGrowsByTheRowOfTwo(t *testing.T) {
	t.Parallel()
	height := func(n int) int { return drawn(t, n).Rect.Dy() }
	none, one, two, three := height(0), height(1), height(2), height(3)
	if one-none != cardHeight+gutter || two != one || three-two != one-none {
		t.Errorf("heights of 0 to 3 pairs: %d, %d, %d, %d; want %d more for each row of two",
			none, one, two, three, cardHeight+gutter)
	}
}

func TestPairsOverTheLimitAreCountedBelow(t *testing.T) {
	t.Parallel()
	two, more := drawn(t, 2), drawn(t, MostPairs+7)
	if got, want := more.Rect.Dy(), header+MostPairs/2*(cardHeight+gutter)+footer; got != want {
		t.Errorf("%d pairs are %d high, want %d as for %d", MostPairs+7, got, want, MostPairs)
	}
	if written(two) > 0 || written(more) < 100 {
		t.Errorf("%d pixels are written below a sheet that shows everything, %d below one that does not",
			written(two), written(more))
	}
}

// written counts the pixels below the cards that differ from the lower edge.
func written(img *image.RGBA) int {
	n, b := 0, img.Rect
	for y := b.Max.Y - footer + 4; y < b.Max.Y; y++ {
		for x := range b.Max.X {
			if img.RGBAAt(x, y) != img.RGBAAt(0, b.Max.Y-1) {
				n++
			}
		}
	}
	return n
}

func TestLongTextsAreCutToTheirRoom(t *testing.T) {
	t.Parallel()
	p, err := newPage(10, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for text, want := range map[string]string{
		"short": "short", "": "", "A name that is far too long for its card.jpg": "A name that i…",
	} {
		if got := cut(p.fonts.name, text, 140); got != want {
			t.Errorf("cut(%q) = %q, want %q", text, got, want)
		}
	}
}
