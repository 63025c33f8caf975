// Package imaging carries a recipe out on one picture: it reads the header and checks limits, fits the
// recipe to the picture as a plan, decodes, applies the plan and encodes. The same file and recipe give the
// same bytes on any number of processors.
//
// It does no I/O, holds no state and does not know where pictures come from or go to.
package imaging

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// Options are what an edit needs to know besides the file and the recipe.
type Options struct {
	Limits Limits
	Name   string    // the file's name with its extension, for placeholders
	Time   time.Time // for placeholders; its own location counts
	For    Purpose
	// Images are the files of the pictures that recipe.Recipe.Images lists, but for those that the recipe holds itself.
	Images map[recipe.Image][]byte

	about func() About             // what the file says of its picture
	spoil func(file []byte) []byte // stands for a broken encoder in tests
}

// Purpose says what becomes of a result.
type Purpose int

// The purposes.
const (
	ToSave    Purpose = iota // it may take the place of the picture, or stand beside it
	ToPreview                // it shows what an edit would make; what ToSave refuses is refused
	// it is a small picture of what is there: printing colours (CMYK) may be shown as they nearly are
	ToShow
)

// describing lets placeholders stand for what the file says. It is read when the first of them asks, once.
func (o Options) describing(src []byte) Options {
	o.about = sync.OnceValue(func() About {
		about, _ := Describe(src, o.Limits) // what can be read of it
		return about
	})
	return o
}

// Result is an edited picture.
type Result struct {
	Data          []byte
	Format        Format
	Width, Height int // as the picture is seen
	Before        Info
	// Warnings are the words of this package's Warn constants, each at most once, in alphabetical order.
	Warnings []string
	// Unchanged says that there was nothing to do: Data is the source itself, not encoded again.
	Unchanged bool
	// Verified says that the result may be saved: it was decoded again and shows what was meant, or is the source
	// itself.
	Verified bool
}

// What may be lost on the way without being an error.
const (
	WarnAlphaFlattened = "alphaFlattened" // transparency was laid on the output's background
	WarnChromaHalved   = "chromaHalved"   // this program writes JPEG's chroma at half the size only
	WarnColorsReduced  = "colorsReduced"  // a GIF holds at most 256 colours, or the recipe asks for fewer
	// content credentials (C2PA), which would call a change tampering, went
	WarnCredentialDropped = "credentialDropped"
	WarnDepthReduced      = "depthReduced"  // more than 8 bits a channel became 8
	WarnFramesDropped     = "framesDropped" // of an animation only the first frame was taken
	// metadata was damaged, has no place in the format, or showed what is gone
	WarnMetadataDropped = "metadataDropped"
	// turning the JPEG file upright would have cost quality: its tag still does it
	WarnOrientationKept    = "orientationKept"
	WarnProfileDropped     = "profileDropped"     // the colour profile was damaged or does not fit the pixels
	WarnProgressiveMissing = "progressiveMissing" // this program writes no progressive JPEG
	// the colour profile works by tables and cannot be converted: it stays, and so do the pixels
	WarnProfileKept    = "profileKept"
	WarnQualityReduced = "qualityReduced" // the file would have been longer than maxBytes
	WarnProcessed      = "processed"      // the file bears the mark of the recipe: it was left as it is
	// the file would not have been as much shorter as asked for: it was left as it is
	WarnSavingsTooSmall = "savingsTooSmall"
)

// Edit carries a recipe out on a file. Names and times in placeholders come from the options.
//
// Errors are faults of the kinds that Inspect names, or NotFound for a picture of the recipe that is not in the
// options, with the JSON pointer of the step if one is to blame, or ctx's error once ctx is done.
func Edit(ctx context.Context, src []byte, r *recipe.Recipe, o Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	w, info, err := newWriter(src, r, o)
	if err != nil {
		return Result{Before: info}, err
	}
	result, ok := w.undecoded(r)
	if !ok {
		if result, err = w.recoded(ctx, r, o); err != nil {
			return Result{Before: info}, err
		}
	}
	if o.spoil != nil {
		result.Data = o.spoil(result.Data)
	}
	if w.verifies && !result.Unchanged {
		if err := w.verified(ctx, result.Data); err != nil {
			return Result{Before: info}, err
		}
	}
	result.Verified = w.verifies
	return result, ctx.Err()
}

// recoded returns the result of decoding, changing and encoding the picture.
func (w *writer) recoded(ctx context.Context, r *recipe.Recipe, o Options) (Result, error) {
	info := w.info
	if err := info.convertible(o.For); err != nil {
		return Result{}, err
	}
	file, err := w.result(ctx)
	if errors.Is(err, jpegcodec.ErrNotTaken) {
		info.turbo = false
		if err = w.fit(info, r, o); err != nil {
			return Result{}, err
		}
		file, err = w.result(ctx)
	}
	if err != nil {
		return Result{}, ended(ctx, err)
	}
	result := Result{
		Data:     file,
		Format:   w.format,
		Width:    w.size.X,
		Height:   w.size.Y,
		Before:   info,
		Warnings: w.warnings.sorted(),
	}
	return result.orAsItWas(r.Output, w.src), nil
}

// newWriter reads the header of a file and fits the recipe to it. Info holds what is known, with an error as well.
func newWriter(src []byte, r *recipe.Recipe, o Options) (*writer, Info, error) {
	limits := o.Limits.orDefaults()
	info, err := inspect(src, limits, r.Input.OnAnimated)
	if err != nil {
		return nil, info, err
	}
	info.readProfile(src, r.Output)
	w := &writer{output: r.Output, src: src, memory: limits.Memory, verifies: o.For == ToSave}
	if r.Output.SkipProcessed {
		w.mark = r.Hash()
	}
	return w, info, w.fit(info, r, o)
}

// fit makes the plan.
func (w *writer) fit(info Info, r *recipe.Recipe, o Options) (err error) {
	o.Limits = o.Limits.orDefaults()
	w.plan, err = compile(info, r, o.describing(w.src))
	return err
}

// undecoded returns the result if it needs no pixel: the file as it is, or its coded picture with other metadata or
// turned.
func (w *writer) undecoded(r *recipe.Recipe) (result Result, ok bool) {
	if w.mark != "" && metadata.Read(string(w.info.Format), w.src).Mark() == w.mark {
		return asItWas(w.info, w.src, WarnProcessed), true
	}
	if w.leaves() {
		return Result{
			Data:      w.src,
			Format:    w.format,
			Width:     w.size.X,
			Height:    w.size.Y,
			Before:    w.info,
			Warnings:  w.warnings.sorted(),
			Unchanged: true,
		}, true
	}
	if file, ok := w.coded(); ok && !w.reloops() && w.fits(file) {
		result = Result{
			Data:     file,
			Format:   w.format,
			Width:    w.size.X,
			Height:   w.size.Y,
			Before:   w.info,
			Warnings: w.warnings.sorted(),
		}
		return result.orAsItWas(w.output, w.src), true
	}
	return w.asTurned(r)
}

// result does the work and returns the file.
func (w *writer) result(ctx context.Context) ([]byte, error) {
	if w.moving {
		return w.animated(ctx)
	}
	if w.inPlanes() {
		if file, err := w.planar(ctx); !errors.Is(err, jpegcodec.ErrNoPlanes) {
			return file, err
		}
	}
	m, err := w.run(ctx, w.src)
	if err != nil {
		return nil, err
	}
	return w.write(ctx, m)
}

// IsLeft reports whether the file was left as it is because it would not have been as much shorter as the recipe asks,
// or because the recipe has made it: nothing is to be saved then, not even a copy.
func (r Result) IsLeft() bool {
	return slices.Contains(r.Warnings, WarnSavingsTooSmall) || slices.Contains(r.Warnings, WarnProcessed)
}

// orAsItWas returns the result, or the file as it was if the result saves too little.
func (r Result) orAsItWas(out recipe.Output, src []byte) Result {
	most := float64(len(src)) * (1 - out.MinSavings/100)
	if out.MinSavings < 0 || r.Format != r.Before.Format || float64(len(r.Data)) <= most {
		return r
	}
	return asItWas(r.Before, src, WarnSavingsTooSmall)
}

// asItWas is the result of leaving a file as it is, for a reason.
func asItWas(info Info, src []byte, warning string) Result {
	return Result{
		Data:      src,
		Format:    info.Format,
		Width:     info.Width,
		Height:    info.Height,
		Before:    info,
		Warnings:  []string{warning},
		Unchanged: true,
	}
}

// leaves reports whether there is nothing to do.
func (w *writer) leaves() bool {
	return w.isEmpty() && !w.reloops() && w.fits(w.src) && w.format == w.info.Format && w.info.Orientation == 1 &&
		w.keepsMetadata()
}

// reloops reports whether an animation may be shown more or less often than before.
func (w *writer) reloops() bool { return w.moving && w.output.Loop >= 0 }

// fits reports whether a file is as short as it has to be.
func (w *writer) fits(file []byte) bool {
	return w.output.MaxBytes == 0 || len(file) <= w.output.MaxBytes
}

// asTurned is the result of leaving a JPEG file as it lies, with the tag that turns it upright: if a recipe does no
// more than that, it does not cost quality. Metadata may change.
func (w *writer) asTurned(r *recipe.Recipe) (result Result, ok bool) {
	if w.format != JPEG || !w.isOnlyOriented(r) || w.output.Metadata != recipe.KeepAll {
		return Result{}, false
	}
	result = asItWas(w.info, w.src, WarnOrientationKept)
	if w.keepsMetadata() {
		return result, w.fits(w.src)
	}
	result.Data, _ = w.rewrite(w.change(image.Pt(w.info.StoredWidth, w.info.StoredHeight), w.info.Orientation),
		w.info.Orientation)
	if !w.fits(result.Data) || metadata.Orientation(metadata.FindJPEGExif(result.Data)) != w.info.Orientation {
		return Result{}, false // damaged metadata are left out, and the tag with them: the pixels are turned
	}
	w.warnings[WarnOrientationKept] = true
	result.Unchanged, result.Warnings = false, w.warnings.sorted()
	return result.orAsItWas(w.output, w.src), true
}

// ended prefers the context's error: what a decoder says about it is noise.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return fault.New(fault.Internal, "The picture could not be written.", err)
	}
	return err
}

// run decodes the file and applies the operations.
func (p *plan) run(ctx context.Context, src []byte) (*image.NRGBA, error) {
	decoded, err := p.decoded(ctx, src)
	if err != nil {
		return nil, err
	}
	m, err := p.changed(ctx, decoded)
	if err != nil {
		return nil, err
	}
	p.size = m.Rect.Max // less than planned after a trim
	return m, nil
}

// decoded returns the picture as the file stores it, or the first frame of an animation on its canvas.
func (p *plan) decoded(ctx context.Context, src []byte) (image.Image, error) {
	if !p.info.Animated {
		return decode(ctx, src, p.info, p.denominator)
	}
	if p.info.Frames > 1 {
		p.warnings[WarnFramesDropped] = true
	}
	a, err := readAnimation(p.info, src, 1)
	if err != nil {
		return nil, err
	}
	c := newCanvas(p.info)
	return c.m, c.show(ctx, a.frames[0])
}

// changed turns what was decoded and carries the operations out on it. It may change it.
func (p *plan) changed(ctx context.Context, decoded image.Image) (*image.NRGBA, error) {
	m, err := convert(ctx, decoded, p.decodedSize(), p.start)
	if err != nil {
		return nil, err
	}
	if p.toSRGB != nil {
		if m, err = p.inSRGB(m.Rect.Size()).apply(ctx, m); err != nil {
			return nil, err
		}
	}
	return p.apply(ctx, m)
}

// apply carries the operations out.
func (p *plan) apply(ctx context.Context, m *image.NRGBA) (_ *image.NRGBA, err error) {
	for i, op := range p.operations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if d, ok := op.(decider); ok && p.moving {
			if op, err = d.decide(ctx, m); err != nil {
				return nil, err
			}
			p.operations[i] = op
		}
		if m, err = op.apply(ctx, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}
