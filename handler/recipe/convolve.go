package recipe

// Edge is what lies around a picture.
type Edge string

// The edges.
const (
	EdgeClamp  Edge = "clamp"  // the pixels at the edge go on
	EdgeMirror Edge = "mirror" // the picture goes on mirrored
	EdgeZero   Edge = "zero"   // nothing, as in Toast UI's editor
)

// AlphaMode is what a convolution does to transparency.
type AlphaMode string

// The modes.
const (
	AlphaKeep     AlphaMode = "keep"     // it stays, and what is transparent adds no colour
	AlphaConvolve AlphaMode = "convolve" // it is a channel like the others, as in Toast UI's editor
)

// Convolve makes each pixel the weighted sum of its neighbours: times Scale, plus Offset.
type Convolve struct {
	Name   string    // of the operation; empty for a kernel of the recipe's own
	Kernel []float64 // row by row: 9, 25, 49 or 81 weights from -1000 to 1000
	Scale  float64   // from -1000 to 1000
	Offset float64   // levels, from -255 to 255
	Edge   Edge
	Alpha  AlphaMode
}

// Op returns "convolve", "emboss" or "sharpen".
func (c Convolve) Op() string {
	if c.Name != "" {
		return c.Name
	}
	return "convolve"
}

// maxWeight bounds the weights of a kernel and their scale.
const maxWeight = 1000

func parseConvolve(o *object) Step {
	return Convolve{
		Kernel: o.numbers("kernel", -maxWeight, maxWeight, 9, 25, 49, 81),
		Scale:  o.number("scale", 1, -maxWeight, maxWeight),
		Offset: o.number("offset", 0, -255, 255),
		Edge:   word(o, "edge", EdgeClamp, EdgeClamp, EdgeMirror, EdgeZero),
		Alpha:  word(o, "alpha", AlphaKeep, AlphaKeep, AlphaConvolve),
	}
}

// The kernels of Toast UI's editor (https://github.com/nhn/tui.image-editor, src/js/extension/{emboss,sharpen}.js).
var (
	embossKernel  = []float64{1, 1, 1, 1, 0.7, -1, -1, -1, -1}
	sharpenKernel = []float64{0, -1, 0, -1, 5, -1, 0, -1, 0}
)

// parseEmboss reads the relief of the editor; without compat its transparency stays and its edges are not dark.
func parseEmboss(o *object) Step {
	if o.compat() {
		return asInEditor("emboss", embossKernel)
	}
	return Convolve{Name: "emboss", Kernel: embossKernel, Scale: 1, Edge: EdgeClamp, Alpha: AlphaKeep}
}

func asInEditor(name string, kernel []float64) Convolve {
	return Convolve{Name: name, Kernel: kernel, Scale: 1, Edge: EdgeZero, Alpha: AlphaConvolve}
}
