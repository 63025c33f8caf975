package recipe

// Composite is how the colours of a picture that is laid on another meet those below: the separable blend modes of
// Compositing and Blending Level 1 (https://www.w3.org/TR/compositing-1/), with alpha on both sides.
type Composite string

// The modes.
const (
	CompositeOver       Composite = "over" // "normal" there
	CompositeMultiply   Composite = "multiply"
	CompositeScreen     Composite = "screen"
	CompositeOverlay    Composite = "overlay"
	CompositeDarken     Composite = "darken"
	CompositeLighten    Composite = "lighten"
	CompositeColorDodge Composite = "colorDodge"
	CompositeColorBurn  Composite = "colorBurn"
	CompositeHardLight  Composite = "hardLight"
	CompositeSoftLight  Composite = "softLight"
	CompositeDifference Composite = "difference"
	CompositeExclusion  Composite = "exclusion"
)

// Watermark lays a picture on the one that is edited.
type Watermark struct {
	Image   Image
	Size    Length // of its longer side, before it is turned; percent of the picture's shorter side
	Gravity Gravity
	// Offset moves it away from the edges of its gravity, or right and down from the middle; percent of the picture's
	// width and height.
	OffsetX, OffsetY Length
	Angle            float64 // clockwise degrees, from 0 up to but not including 360
	Opacity          float64 // from 0 to 1
	Blend            Composite
	Tile             *Tile // nil for one alone
}

// Tile repeats a watermark over the whole picture, from its place on to all sides.
type Tile struct {
	SpacingX, SpacingY Length // between two; percent of the width and height of the turned watermark
	Stagger            bool   // every other row is moved by half a step
}

// Op returns "watermark".
func (Watermark) Op() string { return "watermark" }

func parseWatermark(o *object) Step {
	s := Watermark{
		Image: o.image(),
		Size: o.lengthOr("size", Length{Value: 25, Percent: true}, span{
			least:        1,
			most:         MaxSide,
			leastPercent: 0.1,
			mostPercent:  500,
		}),
		Gravity: o.gravity(SouthEast),
		Angle:   o.angle(0),
		Opacity: o.number("opacity", 1, 0, 1),
		Blend: word(o, "blend", CompositeOver, CompositeOver, CompositeMultiply, CompositeScreen, CompositeOverlay,
			CompositeDarken,
			CompositeLighten, CompositeColorDodge, CompositeColorBurn, CompositeHardLight, CompositeSoftLight,
			CompositeDifference, CompositeExclusion),
	}
	s.OffsetX, s.OffsetY = o.offset(Length{}, MaxSide)
	if o.has("tile") {
		s.Tile = parseTile(o.object("tile"))
	}
	return s
}

func parseTile(o *object) *Tile {
	gap := span{most: MaxSide, mostPercent: 1000}
	half := Length{Value: 50, Percent: true}
	spacing := o.object("spacing")
	t := &Tile{SpacingX: spacing.lengthOr("x", half, gap), SpacingY: spacing.lengthOr("y", half, gap),
		Stagger: o.boolean("stagger", false)}
	spacing.close()
	o.close()
	return t
}

// offset reads how far something stands from its gravity, or from what it belongs to: so many pixels at the most.
func (o *object) offset(def Length, most float64) (x, y Length) {
	offset := o.object("offset")
	defer offset.close()
	in := span{least: -most, most: most, leastPercent: -100, mostPercent: 100}
	return offset.lengthOr("x", def, in), offset.lengthOr("y", def, in)
}
