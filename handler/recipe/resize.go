package recipe

import "image/color"

// MaxSide is the longest side that a step may ask for, in pixels.
const MaxSide = 16384

// Fit says how a picture meets a box of another shape.
type Fit string

// The fits. With one side only, all of them keep the ratio and scale to that side.
const (
	Inside  Fit = "inside"  // as large as fits into the box
	Outside Fit = "outside" // as small as covers the box
	Cover   Fit = "cover"   // Outside, then cut to the box at the gravity
	Contain Fit = "contain" // Inside, then padded to the box with the background at the gravity
	Fill    Fit = "fill"    // exactly the box; the ratio gives way
)

// Kernel is the reconstruction filter of a resize.
type Kernel string

// The kernels, from coarse to fine.
const (
	Nearest  Kernel = "nearest"
	Box      Kernel = "box"
	Linear   Kernel = "linear"
	Cubic    Kernel = "cubic" // Catmull-Rom
	Lanczos3 Kernel = "lanczos3"
)

// Resize scales a picture to a box.
type Resize struct {
	Width, Height Length // percent of the picture's own width and height; at least one is given
	Fit           Fit
	// WithoutEnlargement and WithoutReduction keep the scale at or below 1, at or above 1. They speak of the
	// scale only: Cover still cuts and Contain still pads.
	WithoutEnlargement, WithoutReduction bool
	Kernel                               Kernel
	Gravity                              Gravity     // for Cover and Contain
	Focal                                *Focal      // instead of Gravity, for Cover
	Background                           color.NRGBA // for Contain
}

// Op returns "resize".
func (Resize) Op() string { return "resize" }

func parseResize(o *object) Step {
	side := span{least: 1, most: MaxSide, leastPercent: 0.01, mostPercent: 1000}
	s := Resize{
		Width:              o.length("width", side),
		Height:             o.length("height", side),
		Fit:                word(o, "fit", Inside, Inside, Cover, Contain, Fill, Outside),
		WithoutEnlargement: o.boolean("withoutEnlargement", false),
		WithoutReduction:   o.boolean("withoutReduction", false),
		Kernel:             word(o, "kernel", Lanczos3, Nearest, Box, Linear, Cubic, Lanczos3),
		Background:         o.color("background", "transparent"),
	}
	if s.Fit == Cover {
		s.Gravity, s.Focal = o.cutGravity()
	} else {
		s.Gravity = o.gravity(Center)
	}
	if !o.has("width") && !o.has("height") {
		o.report("width", "A resize needs a width, a height or both. %s", side.sentence())
	}
	return s
}
