package recipe

// GrayMode is how three channels become one.
type GrayMode string

// The modes.
const (
	Average    GrayMode = "average"    // (r+g+b)/3, as Toast UI's editor shows it
	Luma601    GrayMode = "luma601"    // 0.299 r + 0.587 g + 0.114 b
	Luma709    GrayMode = "luma709"    // 0.2126 r + 0.7152 g + 0.0722 b
	Lightness  GrayMode = "lightness"  // (max+min)/2
	Luminosity GrayMode = "luminosity" // 0.21 r + 0.72 g + 0.07 b, as fabric has it
)

// Grayscale takes the colour out of a picture.
type Grayscale struct {
	Mode GrayMode
}

// Op returns "filter".
func (Grayscale) Op() string { return "filter" }

func parseGrayscale(o *object) Step {
	return Grayscale{Mode: word(o, "mode", Average, Average, Luma601, Luma709, Lightness, Luminosity)}
}
