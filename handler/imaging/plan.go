package imaging

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// plan is what will be done to one picture: every size is known and checked before a pixel is decoded.
type plan struct {
	info Info
	// denominator makes the picture smaller while it is decoded: 1, 2, 4 or 8.
	denominator  int
	start        turn   // applied while the decoded pixels are converted
	toSRGB       *point // applied afterwards, if it is not nil
	dropsProfile bool   // whether the pixels are those of sRGB then, and the colour profile goes
	operations   []operation
	size         image.Point // of the result
	format       Format      // of the result
	colors       int         // how many the result may have, if the file may have more; else 0
	// texts of the metadata, with what placeholders say of the plan at the time; or nil
	set      func() metadata.Fields
	memory   int64 // estimated bytes at the peak
	moving   bool  // whether every frame of an animation is edited; else it is one picture, maybe the first frame
	warnings warnings
}

// operation is a step that was fitted to a picture.
type operation interface {
	// size returns the size of the result.
	size() image.Point
	// scratch returns the bytes that are needed at the peak besides the picture that comes in and the one
	// that goes out.
	scratch() int64
	// apply does the work. It may change m and may return it. m starts at zero, and so does the result.
	apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error)
	// String describes the operation with its numbers.
	String() string
}

// decider is an operation that looks at the picture to find out what to do. In an animation the first frame decides for
// all of them, which would jump otherwise.
type decider interface {
	operation
	// decide returns the operation that does what is right for a picture.
	decide(ctx context.Context, m *image.NRGBA) (operation, error)
}

// planner collects operations. Neighbours that can be one are made one.
type planner struct {
	limits Limits
	o      Options
	info   Info
	out    recipe.Output
	plan   *plan
}

// compile fits a recipe to a picture. Faults carry the JSON pointer of the step.
func compile(info Info, r *recipe.Recipe, o Options) (*plan, error) {
	p := &planner{
		limits: o.Limits,
		o:      o,
		info:   info,
		out:    r.Output,
		plan: &plan{
			info:        info,
			denominator: 1,
			format:      outputFormat(info, r.Output),
			warnings:    warnings{},
			moving:      info.Animated && r.Input.OnAnimated == recipe.ProcessAnimated,
		},
	}
	p.plan.colors = fewerColors(info, p.plan.format, r.Output.Palette)
	p.plan.size = image.Pt(info.StoredWidth, info.StoredHeight)
	p.colorProfile()
	if r.Input.AutoOrient {
		p.turn(turnOf(info.Orientation))
	}
	if err := p.steps(r.Steps, 0); err != nil {
		return nil, err
	}
	p.begin()
	p.shrink()
	p.plan.memory = p.estimate()
	if err := p.checkResult(); err != nil {
		return nil, err
	}
	return p.plan, p.fields()
}

// steps fits steps; the index is that of the first of them in the recipe.
func (p *planner) steps(steps []recipe.Step, index int) error {
	for i, step := range steps {
		if s, ok := p.trimming(step); ok {
			return p.trim(s, steps[i+1:], index+i)
		}
		if err := p.fit(step); err != nil {
			f := fault.From(err)
			return f.At("/steps/" + strconv.Itoa(index+i) + f.Field)
		}
	}
	return nil
}

// fit adds a step and checks what it makes.
func (p *planner) fit(step recipe.Step) error {
	if err := p.add(step); err != nil {
		return err
	}
	return p.checkSize(p.plan.size)
}

// begin lets a turn that comes first be a part of the conversion.
func (p *planner) begin() {
	if first, ok := p.last(0).(turned); ok {
		p.plan.start, p.plan.operations = first.turn, p.plan.operations[1:]
	}
}

// add fits one step. A new operation is one file and one line here.
func (p *planner) add(step recipe.Step) error {
	switch s := step.(type) {
	case recipe.Adjust:
		return p.adjust(s)
	case recipe.AutoLevels:
		return p.autoLevels(s)
	case recipe.BlendColor:
		return p.blendColor(s)
	case recipe.Blur:
		return p.blur(s)
	case recipe.Border:
		return p.border(s)
	case recipe.Convolve:
		return p.convolve(s)
	case recipe.Crop:
		return p.crop(s)
	case recipe.Drawing:
		return p.shape(s)
	case recipe.Duotone:
		return p.duotone(s)
	case recipe.Extend:
		return p.extend(s)
	case recipe.Flatten:
		return p.flattenOn(s)
	case recipe.Flip:
		return p.flip(s)
	case recipe.Grayscale:
		return p.grayscale(s)
	case recipe.Invert:
		return p.invert()
	case recipe.Mask:
		return p.mask(s)
	case recipe.Matrix:
		return p.matrix(s)
	case recipe.Noise:
		return p.noise(s)
	case recipe.Pixelate:
		return p.pixelate(s)
	case recipe.Posterize:
		return p.posterize(s)
	case recipe.Rank:
		return p.rank(s)
	case recipe.Redact:
		return p.redact(s)
	case recipe.RemoveColor:
		return p.removeColor(s)
	case recipe.Resize:
		return p.resize(s)
	case recipe.Rotate:
		return p.rotate(s)
	case recipe.RoundCorners:
		return p.roundCorners(s)
	case recipe.Sepia:
		return p.sepia(s)
	case recipe.Shadow:
		return p.shadow(s)
	case recipe.Sharpen:
		return p.sharpen(s)
	case recipe.Solarize:
		return p.solarize(s)
	case recipe.Text:
		return p.text(s)
	case recipe.Threshold:
		return p.threshold(s)
	case recipe.Vignette:
		return p.vignette(s)
	case recipe.When:
		if p.holds(s) {
			return p.add(s.Step)
		}
		return nil
	case recipe.Watermark:
		return p.watermark(s)
	}
	return fault.Newf(fault.Unsupported, "The operation %q is not known here.", step.Op())
}

// holds reports whether the picture meets the conditions at this step.
func (p *planner) holds(w recipe.When) bool {
	return w.Holds(p.plan.size.X, p.plan.size.Y, recipe.File{
		Format: string(p.info.Format), Alpha: p.info.Alpha, Animated: p.info.Animated,
	})
}

// shrink lets the decoder do what it can of a reduction that comes first: it costs less than decoding all pixels.
func (p *planner) shrink() {
	first, ok := p.last(0).(scaled)
	if !ok || !p.info.turbo || first.kernel == recipe.Nearest {
		return
	}
	for d := jpegcodec.Smallest; d > 1; d /= 2 {
		in := p.plan.start.size(jpegcodec.Scaled(image.Pt(p.info.StoredWidth, p.info.StoredHeight), d))
		if in.X < first.out.X || in.Y < first.out.Y {
			continue
		}
		p.plan.denominator = d
		if first.in = in; in == first.out {
			p.plan.operations = p.plan.operations[1:]
		} else {
			p.plan.operations[0] = first
		}
		return
	}
}

// decodedSize returns the size in which the decoder gives the picture.
func (p *plan) decodedSize() image.Point {
	return jpegcodec.Scaled(image.Pt(p.info.StoredWidth, p.info.StoredHeight), p.denominator)
}

// push appends an operation.
func (p *planner) push(op operation) {
	p.plan.operations = append(p.plan.operations, op)
	p.plan.size = op.size()
}

// pop takes the last operation away; in is the size that it started from.
func (p *planner) pop(in image.Point) {
	p.plan.operations = p.plan.operations[:len(p.plan.operations)-1]
	p.plan.size = in
}

// last returns the operation at an index, nil if there is none.
func (p *planner) last(i int) operation {
	if i < 0 || i >= len(p.plan.operations) {
		return nil
	}
	return p.plan.operations[i]
}

// checkSize checks the size of a picture on the way.
func (p *planner) checkSize(size image.Point) error {
	most := max(p.limits.ResultSide, p.info.StoredWidth, p.info.StoredHeight)
	switch {
	case size.X > most || size.Y > most:
		return fault.Newf(fault.TooLarge, "The result would be %d × %d pixels; a side may have at most %d.", size.X,
			size.Y, most).
			Over(fault.LimitResultSide)
	case area(size) > int64(p.limits.ResultPixels):
		return fault.Newf(fault.TooLarge, "The result would be %d × %d pixels; it may have at most %d million.",
			size.X, size.Y, p.limits.ResultPixels/1_000_000).Over(fault.LimitResultPixels)
	case p.plan.moving && area(size)*int64(p.info.Frames) > int64(p.limits.AnimationPixels):
		return fault.Newf(fault.TooLarge,
			"The result would be %d frames of %d × %d pixels; together they may have at most %d million.",
			p.info.Frames, size.X, size.Y, p.limits.AnimationPixels/1_000_000).Over(fault.LimitAnimationPixels)
	}
	return nil
}

// checkResult checks the result against its format and the limit of memory.
func (p *planner) checkResult() error {
	size := p.plan.size
	if most := longestSide(p.plan.format); size.X > most || size.Y > most {
		return fault.Newf(fault.TooLarge, "The result would be %d × %d pixels; %s files have at most %d a side.",
			size.X, size.Y, strings.ToUpper(string(p.plan.format)), most).Over(fault.LimitFormatSide)
	}
	if p.plan.memory > p.limits.Memory {
		return fault.Newf(fault.TooLarge, "The edit would need about %d MB of memory; at most %d MB are used.",
			p.plan.memory>>20, p.limits.Memory>>20).Over(fault.LimitMemory)
	}
	return nil
}

// estimate returns the bytes at the peak: while the decoded picture is converted, during an operation, or
// while the result is encoded.
func (p *planner) estimate() int64 {
	file := int64(p.info.Bytes) + p.kept()
	for _, image := range p.o.Images {
		file += int64(len(image))
	}
	stored := p.plan.decodedSize()
	size := p.plan.start.size(stored)
	decoding, decoded := decodeBytes(p.info)
	peak := file + area(stored)*max(decoding, decoded+4)
	if p.info.turbo && p.info.scans > 1 {
		peak += int64(p.info.StoredWidth) * int64(p.info.StoredHeight) * 6 // two bytes a coefficient of 4:4:4
	}
	return max(peak, file+p.peak(size))
}

// peak returns the bytes at the peak from the first operation on, which gets a picture of a size, besides the file.
func (p *planner) peak(size image.Point) (peak int64) {
	for _, op := range p.plan.operations {
		peak = max(peak, area(size)*4+area(op.size())*4+op.scratch())
		size = op.size()
	}
	return max(peak, area(size)*(4+encodedBytes(p.plan.format, p.out)))
}

// kept returns the bytes that stay while the frames of an animation are worked: the canvas and what it is restored to,
// two results, which are compared, what differs, and the file, once in parts and once as a whole: noise has 12 bits a
// pixel in a GIF, and at the highest quality about as many in a WebP.
func (p *planner) kept() int64 {
	stored := area(image.Pt(p.info.StoredWidth, p.info.StoredHeight)) * 8
	switch {
	case p.plan.moving:
		return stored + area(p.plan.size)*(12+3*int64(p.info.Frames))
	case p.info.Animated:
		return stored
	}
	return 0
}

func area(size image.Point) int64 { return int64(size.X) * int64(size.Y) }

// decodeBytes returns the bytes a pixel that a decoder uses at most while it works, and that its result has.
func decodeBytes(info Info) (peak, result int64) {
	wide := int64(1)
	if info.Bits > 8 {
		wide = 2
	}
	switch info.Format {
	case JPEG:
		if info.turbo {
			return 4, 4
		}
		return 15, 3 // 4:4:4; a progressive file also has its coefficients in memory, four bytes each
	case GIF:
		return 2, 1
	}
	return 8*wide + 4, 4 * wide // the pixels, and a strip or the whole of the file unpacked
}

// encodedBytes returns the bytes a pixel that are needed besides the picture while it is encoded: planes, indices and
// the file that grows; or while the result is decoded again, which takes more with BMP alone.
func encodedBytes(format Format, out recipe.Output) int64 {
	switch format {
	case JPEG:
		if out.Progressive {
			return 4 + 6 // two bytes a coefficient of 4:4:4
		}
	case GIF:
		return 10
	case WebP:
		if out.Quality > 90 {
			return 46 // measured on noise; photographs take a third of it
		}
		return 34
	case PNG, TIFF:
		return 12 // the file may be longer than the pixels
	case BMP:
		return 12
	}
	return 4
}

// isEmpty reports whether no pixel changes.
func (p *plan) isEmpty() bool {
	return p.start == upright && len(p.operations) == 0 && p.denominator == 1 && p.colors == 0 && p.toSRGB == nil &&
		p.info.Animated == p.moving
}

// moves reports whether what is seen may lie elsewhere in the result than its share of the sides says.
func (p *plan) moves() bool {
	size := p.start.size(p.decodedSize())
	return p.start != upright || slices.ContainsFunc(p.operations, func(op operation) bool {
		before := size
		size = op.size()
		switch op.(type) {
		case turned, trimmed:
			return true
		case scaled:
			return false
		}
		return size != before
	})
}

// hides reports whether parts of the picture are cut off, covered or made unrecognisable: no preview may show them any
// more.
func (p *plan) hides() bool {
	return slices.ContainsFunc(p.operations, func(op operation) bool {
		switch op := op.(type) {
		case attended, blurred, cropped, drawn, masked, pixelated, redacted, rounding, trimmed:
			return true
		case marked:
			return op.Opacity == 1
		case written:
			return op.Opacity == 1 && op.Background.Color.A == 255
		}
		return false
	})
}

// String shows the plan in a line an operation, for tests and logs.
func (p *plan) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %d×%d", p.info.Format, p.info.StoredWidth, p.info.StoredHeight)
	switch {
	case p.moving:
		fmt.Fprintf(&s, ", each of %d frames", p.info.Frames)
	case p.info.Animated:
		fmt.Fprintf(&s, ", the first of %d frames", p.info.Frames)
	}
	if p.denominator > 1 {
		fmt.Fprintf(&s, " 1/%d", p.denominator)
	}
	if p.start != upright {
		fmt.Fprintf(&s, ", %s", p.start)
	}
	if p.toSRGB != nil {
		fmt.Fprintf(&s, ", %s", p.toSRGB.name)
	}
	s.WriteByte('\n')
	for _, op := range p.operations {
		fmt.Fprintf(&s, "%s → %d×%d\n", op, op.size().X, op.size().Y)
	}
	fmt.Fprintf(&s, "%s %d×%d", p.format, p.size.X, p.size.Y)
	if p.colors > 0 {
		fmt.Fprintf(&s, ", %d colours", p.colors)
	}
	s.WriteByte('\n')
	return s.String()
}
