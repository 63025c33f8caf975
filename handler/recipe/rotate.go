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
		Angle:         o.angle(required),
		Background:    o.color("background", "transparent"),
		Interpolation: word(o, "interpolation", Bicubic, NearestPixel, Bilinear, Bicubic),
	}
	return s
}

// angle reads clockwise degrees from -360 to 360 and returns them from 0 up to but not including 360.
func (o *object) angle(def float64) float64 {
	angle := o.number("angle", def, -360, 360)
	if angle < 0 {
		angle = roundTo(angle+360, 1e9) // 309.93 is 309.93, however it is said
	}
	angle = math.Mod(angle, 360) + 0 // no -0
	o.canonical["angle"] = angle
	return angle
}
