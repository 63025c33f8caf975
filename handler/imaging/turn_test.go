package imaging

import (
	"context"
	"image"
	"testing"
)

// numbered returns a picture in which every pixel is another.
func numbered(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(m.Pix[i*4:], []byte{byte(i), byte(i >> 8), 7, 255})
	}
	return m
}

func apply(t *testing.T, m *image.NRGBA, turns ...turn) *image.NRGBA {
	t.Helper()
	for _, u := range turns {
		var err error
		if m, err = convert(context.Background(), m, m.Rect.Max, u); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestTurnsComposeAsTheyAreApplied(t *testing.T) {
	t.Parallel()
	m := numbered(5, 3)
	for a := range turn(8) {
		for b := range turn(8) {
			one, two := apply(t, m, a.then(b)), apply(t, m, a, b)
			if one.Rect != two.Rect || string(one.Pix) != string(two.Pix) {
				t.Errorf("%s then %s is not %s", a, b, a.then(b))
			}
		}
	}
}

func TestFourQuartersAreNone(t *testing.T) {
	t.Parallel()
	q := quarters(1)
	if got := q.then(q).then(q).then(q); got != upright {
		t.Errorf("four quarters are %s", got)
	}
	if q.then(q) != quarters(2) || quarters(3).then(q) != quarters(0) {
		t.Error("quarters do not add up")
	}
}

func TestAQuarterTurnIsClockwise(t *testing.T) {
	t.Parallel()
	m := apply(t, numbered(2, 1), quarters(1))
	if m.Rect.Max != image.Pt(1, 2) || m.Pix[0] != 0 || m.Pix[4] != 1 {
		t.Errorf("left and right become %v, want top and bottom", m.Pix)
	}
	m = apply(t, numbered(1, 2), quarters(1))
	if m.Pix[0] != 1 || m.Pix[4] != 0 {
		t.Errorf("top and bottom become %v, want right and left", m.Pix)
	}
}
