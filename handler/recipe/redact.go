package recipe

import "image/color"

// Sample is what colour a block of pixels gets.
type Sample string

// The samples.
const (
	SampleAverage Sample = "average"
	SampleTopLeft Sample = "topLeft" // as Toast UI's editor does it
)

// Pixelate makes blocks of one colour.
type Pixelate struct {
	Size   int // pixels, from 2 to 1024
	Sample Sample
}

// Op returns "pixelate".
func (Pixelate) Op() string { return "pixelate" }

func parsePixelate(o *object) Step {
	return Pixelate{Size: o.integer("size", 8, 2, 1024),
		Sample: word(o, "sample", SampleAverage, SampleAverage, SampleTopLeft)}
}

// RedactMode is how something is made unrecognisable.
type RedactMode string

// The modes.
const (
	RedactFill     RedactMode = "fill" // one colour: nothing is left
	RedactPixelate RedactMode = "pixelate"
	RedactBlur     RedactMode = "blur"
)

// Redact makes regions of a picture unrecognisable.
type Redact struct {
	Mode    RedactMode
	Color   color.NRGBA // of fill; opaque
	Size    int         // of pixelate, in pixels
	Sigma   float64     // of blur
	Regions []Region    // 1 to MaxRegions
}

// MaxRegions is how many regions a redaction may have.
const MaxRegions = 100

// Shape is that of a region or of a drawing.
type Shape string

// The shapes.
const (
	Rectangle Shape = "rect"
	Ellipse   Shape = "ellipse" // in the rectangle
)

// Region is a part of a picture. It is cut to the picture; one that misses it is nothing.
type Region struct {
	Shape               Shape
	X, Y, Width, Height Length // percent of the picture's width and height; not of a Polygon
	// Points are those of a Polygon, x and y: 3 to MaxPoints; percent of the picture's width and height.
	Points [][2]Length
}

// Op returns "redact".
func (Redact) Op() string { return "redact" }

func parseRedact(o *object) Step {
	s := Redact{
		Mode:  word(o, "mode", RedactFill, RedactFill, RedactPixelate, RedactBlur),
		Color: o.opaque("color", "#000000"),
		Size:  o.integer("size", 24, 8, 1024),
		Sigma: o.number("sigma", 20, 5, 100),
	}
	regions := o.objects("regions", MaxRegions)
	if len(regions) == 0 {
		o.report("regions", "A list of 1 to %d regions is expected here.", MaxRegions)
	}
	canonical := make([]any, 0, len(regions))
	for _, r := range regions {
		s.Regions = append(s.Regions, parseRegion(r))
		canonical = append(canonical, r.canonical)
	}
	o.canonical["regions"] = canonical
	return s
}

func parseRegion(o *object) Region {
	relative := o.relative()
	r := Region{Shape: word(o, "shape", Rectangle, Rectangle, Ellipse, Polygon)}
	if r.Shape == Polygon {
		r.Points = o.points("points", span{
			least:        -far,
			most:         far,
			leastPercent: -500,
			mostPercent:  500,
			relative:     relative,
		}, 3, MaxPoints)
		o.close()
		return r
	}
	at := span{least: -far, most: far, leastPercent: -100, mostPercent: 100, relative: relative}
	side := span{least: 1, most: far, leastPercent: 0.01, mostPercent: 100, relative: relative}
	r.X, r.Y = o.place("x", at), o.place("y", at)
	r.Width, r.Height = o.sides(side, "A region needs a width and a height.")
	o.close()
	return r
}
