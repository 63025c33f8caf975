package imaging_test

import (
	"fmt"
	"image"
	"image/color"
	"testing"
)

// ink returns the box around all pixels that are not of a colour.
func ink(m *image.NRGBA, paper color.NRGBA) (box image.Rectangle) {
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if m.NRGBAAt(x, y) != paper {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func TestTextsAreTurnedAboutTheirMiddle(t *testing.T) {
	t.Parallel()
	paper := color.NRGBA{40, 90, 160, 255}
	src := asPNG(t, plain(400, 400, paper))
	const look = `"op":"text","text":"Sommerfest\nQuer","size":40,"align":"center","color":"#ffe000",` +
		`"stroke":{"width":3},"background":{"color":"#00800080","padding":12},"opacity":0.8`
	for _, quarter := range []int{90, 180, 270} {
		turned := fromPNG(t,
			edit(t, src, fmt.Sprintf(`{"version":1,"steps":[{%s,"gravity":"center","angle":%d}]}`, look, quarter)).Data)
		around := fromPNG(t,
			edit(
				t, src, fmt.Sprintf(`{"version":1,"steps":[{%s,"gravity":"center"},{"op":"rotate","angle":%d}]}`, look,
					quarter)).Data)
		if d := meanDifference(t, turned, around); d > 2 { // a pixel's half off where sides are odd
			t.Errorf("%d°: %.2f levels from the turned picture", quarter, d)
		}
		if d := meanDifference(t, around, fromPNG(t, src)); d < 5 {
			t.Errorf("%d°: hardly anything was written", quarter)
		}
	}
	for _, angle := range []float64{0, 30, -45, 90, 137} {
		m := fromPNG(
			t, edit(
				t, src, fmt.Sprintf(`{"version":1,"steps":[{%s,"gravity":"southeast","angle":%g}]}`, look, angle)).Data)
		if box := ink(m, paper); box.Max.X < 398 || box.Max.Y < 398 || box.Min.X < 60 || box.Min.Y < 60 {
			t.Errorf("%g°: the text stands at %v", angle, box)
		}
		if corner := m.NRGBAAt(399, 399); (corner != paper) != (angle == 0 || angle == 90) {
			t.Errorf("%g°: the corner is %v", angle, corner)
		}
	}
}
