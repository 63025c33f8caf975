package recipe

import "image/color"

// Blend is how a colour is laid on a picture.
type Blend string

// The modes, with fabric's formulas: x is a level of the picture and t that of the colour times its alpha.
const (
	BlendTint      Blend = "tint"      // t + x (1 - alpha)
	BlendAdd       Blend = "add"       // x + t
	BlendDiff      Blend = "diff"      // |x - t|
	BlendSubtract  Blend = "subtract"  // x - t
	BlendMultiply  Blend = "multiply"  // x t / 255
	BlendScreen    Blend = "screen"    // 255 - (255 - x)(255 - t) / 255
	BlendLighten   Blend = "lighten"   // the greater
	BlendDarken    Blend = "darken"    // the lesser
	BlendOverlay   Blend = "overlay"   // multiply twice in dark colours, screen twice in light ones
	BlendExclusion Blend = "exclusion" // x + t - 2 x t / 255
)

// BlendColor lays one colour on the whole picture; its alpha stays as it is.
type BlendColor struct {
	Mode  Blend
	Color color.NRGBA // opaque
	Alpha float64     // from 0 to 1
}

// Op returns "blendColor".
func (BlendColor) Op() string { return "blendColor" }

func parseBlendColor(o *object) Step {
	return BlendColor{
		Mode: word(o, "mode", BlendTint, BlendTint, BlendAdd, BlendDiff, BlendSubtract, BlendMultiply, BlendScreen,
			BlendLighten, BlendDarken,
			BlendOverlay, BlendExclusion),
		Color: o.opaque("color", "#000000"),
		Alpha: o.number("alpha", 1, 0, 1),
	}
}

// RemoveColor makes pixels transparent whose channels are all nearer to those of a colour than a distance.
type RemoveColor struct {
	Color    color.NRGBA // opaque
	Distance float64     // from 0 to 1, of the full level
}

// Op returns "removeColor".
func (RemoveColor) Op() string { return "removeColor" }

func parseRemoveColor(o *object) Step {
	return RemoveColor{Color: o.opaque("color", "#ffffff"), Distance: o.number("distance", 0.02, 0, 1)}
}

// Flatten lays a picture on a background, so that nothing shines through any more.
type Flatten struct {
	Background color.NRGBA // opaque
}

// Op returns "flatten".
func (Flatten) Op() string { return "flatten" }

func parseFlatten(o *object) Step { return Flatten{Background: o.opaque("background", "#ffffff")} }
