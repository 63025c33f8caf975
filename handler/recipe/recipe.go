// Package recipe reads what is to be done to a picture: a JSON document of ordered steps and an output. It
// checks every name, type and range, fills in the defaults and gives the canonical form and its hash, by
// which two recipes that do the same are recognised.
//
// It does not know pictures: sizes in percent, crops that miss the picture and steps that change nothing
// are only understood by imaging, which carries a recipe out.
package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"imagepro/handler/fault"
)

// The bounds of a document. They keep one request from holding more work than a picture deserves.
const (
	MaxBytes = 64 << 10 // of JSON
	MaxSteps = 50
)

// Recipe is a valid recipe. Only Parse makes one.
type Recipe struct {
	// Name is a label for people, at most 200 bytes. It is no part of the canonical form.
	Name   string
	Input  Input
	Steps  []Step
	Output Output

	canonical []byte
}

// Input says how a picture is taken in.
type Input struct {
	// AutoOrient turns the picture upright as its Orientation tag asks, before the first step. When false
	// the tag is not followed and the stored pixels are taken as upright. In both cases the result carries
	// no turn any more.
	AutoOrient bool
	OnAnimated Animated
}

// Animated is what is done with animated files. Others are edited in any case.
type Animated string

// What is done with them.
const (
	SkipAnimated    Animated = "skip"    // they are refused
	ProcessAnimated Animated = "process" // every frame is edited
	FirstFrame      Animated = "first"   // the first frame becomes a still picture
)

// Step is one operation. The concrete types are the structs of this package, one file each: Resize, Crop,
// Rotate, Flip, Extend, Border, RoundCorners, Adjust, AutoLevels, Grayscale, Sepia, Matrix, Invert, Threshold,
// Posterize, Solarize, Duotone, BlendColor, RemoveColor, Flatten, Blur, Sharpen, Convolve, Rank, Noise, Pixelate,
// Redact, Text, Trim, Drawing, Shadow, Vignette, Watermark, Mask.
type Step interface {
	// Op is the operation's name in the document.
	Op() string
}

// operation binds a name in the document to the function that reads the rest of the step.
type operation struct {
	name  string
	parse func(*object) Step
}

// operations lists what a step may be. A new operation is one file and one line here.
func operations() []operation {
	return []operation{
		{"adjust", parseAdjust},
		{"autoLevels", parseAutoLevels},
		{"blendColor", parseBlendColor},
		{"blur", parseBlur},
		{"border", parseBorder},
		{"colorMatrix", parseMatrix},
		{"convolve", parseConvolve},
		{"crop", parseCrop},
		{"emboss", parseEmboss},
		{"extend", parseExtend},
		{"filter", parseFilter},
		{"flatten", parseFlatten},
		{"flip", parseFlip},
		{"mask", parseMask},
		{"maximum", parseRank(Maximum)},
		{"median", parseRank(Median)},
		{"minimum", parseRank(Minimum)},
		{"noise", parseNoise},
		{"pixelate", parsePixelate},
		{"redact", parseRedact},
		{"removeColor", parseRemoveColor},
		{"resize", parseResize},
		{"rotate", parseRotate},
		{"roundCorners", parseRoundCorners},
		{"shadow", parseShadow},
		{"shape", parseShape},
		{"sharpen", parseSharpen},
		{"text", parseText},
		{"trim", parseTrim},
		{"watermark", parseWatermark},
	}
}

// Parse reads a document: JSON of at most MaxBytes, version 1. Anything that is unknown, repeated, of the
// wrong type or out of range is refused with a *fault.Fault of kind fault.Invalid whose Field is the JSON
// pointer (RFC 6901) of what is wrong and whose Message names the limit.
func Parse(data []byte) (*Recipe, error) {
	if len(data) > MaxBytes {
		return nil, fault.Newf(fault.Invalid, "A recipe may have at most %d bytes.", MaxBytes)
	}
	tree, f := decode(data)
	if f != nil {
		return nil, f
	}
	problem := new(problem)
	o := newObject(problem, "", tree)
	r := parseRecipe(o)
	o.close()
	if problem.first != nil {
		return nil, problem.first
	}
	r.canonical = appendCanonical(nil, o.canonical)
	if len(r.canonical) > MaxBytes { // it must be a document itself
		return nil, fault.Newf(fault.Invalid,
			"With its defaults filled in the recipe has %d bytes; at most %d are allowed.", len(r.canonical), MaxBytes)
	}
	return r, nil
}

func parseRecipe(o *object) *Recipe {
	o.integer("version", required, 1, 1)
	r := &Recipe{Name: o.label("name", 200)}
	o.label("$schema", 1000)

	input := o.object("input")
	r.Input = parseInput(input)
	input.close()

	steps := o.objects("steps", MaxSteps)
	canonical := make([]any, 0, len(steps))
	for _, step := range steps {
		r.Steps = append(r.Steps, parseStep(step))
		canonical = append(canonical, step.canonical)
	}
	o.canonical["steps"] = canonical
	if images := r.Images(); len(images) > MaxImages {
		o.problem.report(images[MaxImages].At, "At most %d different pictures may be laid on another.", MaxImages)
	}

	output := o.object("output")
	r.Output = parseOutput(output)
	if r.Output.MinSavings >= 0 && (r.Output.StripGPS || slices.ContainsFunc(r.Steps, Hides)) {
		output.report("minSavingsPercent",
			"This field does not go together with redact and stripGps, which might be left out for it.")
	}
	if r.Input.OnAnimated == ProcessAnimated && !r.Output.Format.moves() {
		output.report("format",
			"An animation cannot be written as %s. Take gif or webp here, or \"first\" as onAnimated of the input, "+
				"for a still picture.", r.Output.Format)
	}
	output.close()
	return r
}

func parseInput(o *object) Input {
	in := Input{AutoOrient: o.boolean("autoOrient", true), OnAnimated: SkipAnimated}
	if o.has("onAnimated") {
		in.OnAnimated = word(o, "onAnimated", "", SkipAnimated, ProcessAnimated, FirstFrame)
	}
	if in.OnAnimated == SkipAnimated {
		delete(o.canonical, "onAnimated")
	}
	return in
}

// Hides reports whether a step hides something that must not be seen.
func Hides(s Step) bool {
	if w, ok := s.(When); ok {
		s = w.Step
	}
	_, ok := s.(Redact)
	return ok
}

func parseStep(o *object) Step {
	all := operations()
	names := make([]string, len(all))
	for i, op := range all {
		names[i] = op.name
	}
	name := word(o, "op", "", names...)
	for _, op := range all {
		if op.name == name {
			step := o.conditional(op.parse(o))
			o.close()
			return step
		}
	}
	return nil
}

// Canonical returns the canonical form: the JSON of RFC 8785 (keys sorted, no white space, ECMAScript
// numbers) with every default filled in and every value in its plainest spelling. The caller must not
// change it.
func (r *Recipe) Canonical() []byte { return r.canonical }

// Hash returns the hexadecimal SHA-256 of the canonical form. Recipes that say the same in other words
// have the same hash; $schema and name do not count.
func (r *Recipe) Hash() string {
	sum := sha256.Sum256(r.canonical)
	return hex.EncodeToString(sum[:])
}
