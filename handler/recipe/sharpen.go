package recipe

// Sharpen is an unsharp mask: what a Gaussian blur takes away is added, times Amount.
type Sharpen struct {
	Sigma  float64 // pixels, from 0.3 to 100
	Amount float64 // from 0 (nothing) to 10; 0.5 to 1.5 is usual
	// Threshold is the least difference that is sharpened, from 0 to 1 of the full range, after Amount.
	Threshold float64
}

// Op returns "sharpen".
func (Sharpen) Op() string { return "sharpen" }

func parseSharpen(o *object) Step {
	if o.compat() {
		return asInEditor("sharpen", sharpenKernel)
	}
	return Sharpen{
		Sigma:     o.number("sigma", 1, 0.3, 100),
		Amount:    o.number("amount", 1, 0, 10),
		Threshold: o.number("threshold", 0, 0, 1),
	}
}
