package imaging

import (
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// Explanation is what an edit of a picture would do, found from its header alone.
type Explanation struct {
	Before Info
	// How is the way that the file takes.
	How    Way
	Codec  string // what decodes the file, if it is decoded
	Shrink int    // the decoder makes 1, 2, 4 or 8 pixels one on each side
	Planes bool   // luma and chroma stay apart, as the file stores them: there is no RGB in between
	Turn   string // of the decoded pixels as they are read; empty for none
	Passes []Pass
	Frames int // of an animation that go through the passes, else 1
	Format Format
	// Width and Height are those of the result as it is seen; what a trim would cut off is not known here.
	Width, Height int
	Pixels        int64 // that are written, by the decoder and all passes
	Memory        int64 // bytes at the peak, estimated; at most Limit
	Limit         int64
}

// Way is how a file becomes its result.
type Way string

// The ways, from the cheapest.
const (
	Unchanged Way = "unchanged" // the file is the result
	Lossless  Way = "lossless"  // the coded picture is kept, or its blocks are moved
	Recoded   Way = "recoded"   // decoded, changed and encoded
)

// Pass is a pass over all pixels.
type Pass struct {
	What          string // with its numbers; steps that share the pass are joined by +
	Width, Height int    // of its result
}

// Explain says what Edit would do with a file. It decodes no pixel; what is wrong it reports as Edit does.
func Explain(src []byte, r *recipe.Recipe, o Options) (Explanation, error) {
	w, info, err := newWriter(src, r, o)
	if err != nil {
		return Explanation{Before: info}, err
	}
	p := w.plan
	e := Explanation{Before: info, How: Recoded, Format: p.format, Width: p.size.X, Height: p.size.Y, Limit: w.memory}
	switch result, ok := w.undecoded(r); {
	case ok && result.Unchanged:
		e.How = Unchanged
	case ok:
		e.How = Lossless
	}
	if e.How != Recoded {
		return e, nil
	}
	if err := info.convertible(o.For); err != nil {
		return Explanation{Before: info}, err
	}
	e.Codec, e.Shrink, e.Planes, e.Memory = codec(info), p.denominator, w.inPlanes(), p.memory
	if p.start != upright {
		e.Turn = p.start.String()
	}
	e.Pixels, e.Frames = area(p.decodedSize()), 1
	if p.toSRGB != nil {
		size := p.start.size(p.decodedSize())
		e.Passes = append(e.Passes, Pass{What: p.toSRGB.name, Width: size.X, Height: size.Y})
		e.Pixels += area(size)
	}
	for _, op := range p.operations {
		e.Passes = append(e.Passes, Pass{What: op.String(), Width: op.size().X, Height: op.size().Y})
		e.Pixels += area(op.size())
	}
	if p.moving {
		e.Frames = info.Frames
		e.Pixels *= int64(e.Frames)
	}
	return e, nil
}

// codec names what decodes a file.
func codec(info Info) string {
	if info.turbo {
		return jpegcodec.Name
	}
	return "go"
}
