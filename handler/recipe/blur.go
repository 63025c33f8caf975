package recipe

// Blur is a Gaussian blur.
type Blur struct {
	Sigma float64 // pixels, from 0.3 to 100
}

// Op returns "blur".
func (Blur) Op() string { return "blur" }

func parseBlur(o *object) Step {
	return Blur{Sigma: o.number("sigma", required, 0.3, 100)}
}
