package recipe

import (
	"image/color"
	"math"
)

// Interpolation is how a rotation reads between pixels.
type Interpolation string

// The interpolations, from coarse to fine.
const (
	NearestPixel Interpolation = "nearest"
	Bilinear     Interpolation = "linear"
	Bicubic      Interpolation = "cubic" // Catmull-Rom
)

// Rotate turns a picture. The canvas grows to hold all of it.
type Rotate struct {
	Angle         float64 // clockwise degrees, from 0 up to but not including 360
	Background    color.NRGBA
	Interpolation Interpolation
}

// Op returns "rotate".
func (Rotate) Op() string { return "rotate" }

func parseRotate(o *object) Step {
	s := Rotate{
		Angle:         o.number("angle", required, -360, 360),
		Background:    o.color("background", "transparent"),
		Interpolation: word(o, "interpolation", Bicubic, NearestPixel, Bilinear, Bicubic),
	}
	s.Angle = math.Mod(s.Angle+360, 360)
	o.canonical["angle"] = s.Angle
	return s
}
