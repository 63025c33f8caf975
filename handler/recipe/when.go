package recipe

// Orientation is whether a picture is wider than high.
type Orientation string

// The orientations.
const (
	Landscape Orientation = "landscape"
	Portrait  Orientation = "portrait"
	Square    Orientation = "square"
)

// When is a step that is carried out only on pictures that meet all of its conditions. Sizes and the orientation are
// those at the step, the rest is that of the file. A zero field is no condition.
type When struct {
	Step
	MinWidth, MaxWidth   int // pixels
	MinHeight, MaxHeight int
	Orientation          Orientation
	Format               Format
	Alpha                *bool // whether pixels may be transparent
	Animated             *bool // whether the file is animated
}

// conditional reads the conditions of a step, if it has any.
func (o *object) conditional(step Step) Step {
	if !o.has("when") {
		return step
	}
	const most = 100_000
	c := o.object("when")
	side := func(name string) int {
		if !c.has(name) {
			return 0
		}
		return c.integer(name, required, 1, most)
	}
	w := When{
		Step:      step,
		MinWidth:  side("minWidth"),
		MaxWidth:  side("maxWidth"),
		MinHeight: side("minHeight"),
		MaxHeight: side("maxHeight"),
	}
	if c.has("orientation") {
		w.Orientation = word(c, "orientation", "", Landscape, Portrait, Square)
	}
	if c.has("format") {
		w.Format = word(c, "format", "", Formats...)
	}
	yes := func(name string) *bool {
		if !c.has(name) {
			return nil
		}
		is := c.boolean(name, false)
		return &is
	}
	w.Alpha, w.Animated = yes("hasAlpha"), yes("animated")
	c.close()
	if len(c.canonical) == 0 {
		o.report("when", "At least one condition is expected here: %s.", list(c.names()))
	}
	return w
}

// File is what conditions ask about a file.
type File struct {
	Format          string
	Alpha, Animated bool
}

// Holds reports whether a picture of a file meets the conditions.
func (w When) Holds(width, height int, of File) bool {
	orientation := Square
	switch {
	case width > height:
		orientation = Landscape
	case width < height:
		orientation = Portrait
	}
	atMost := func(side, most int) bool { return most == 0 || side <= most }
	return width >= w.MinWidth && height >= w.MinHeight && atMost(width, w.MaxWidth) && atMost(height, w.MaxHeight) &&
		(w.Orientation == "" || w.Orientation == orientation) &&
		(w.Format == "" || string(w.Format) == of.Format) &&
		(w.Alpha == nil || *w.Alpha == of.Alpha) &&
		(w.Animated == nil || *w.Animated == of.Animated)
}
