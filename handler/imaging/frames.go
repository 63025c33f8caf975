package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
)

// animation is what an animated file says of its frames.
type animation struct {
	frames []frame
	plays  int // how often it is shown; 0 for ever
}

// frame is one picture of an animation as its file stores it.
type frame struct {
	place   image.Rectangle // on the canvas
	delay   int             // milliseconds that it is seen
	dispose disposal
	replace bool          // whether it takes the place of what is there, not only where it is opaque
	still   func() []byte // it alone, as a file of the same format
}

// disposal is what becomes of a frame's place before the next frame comes (GIF89a specification, section 23). WebP has
// the first two.
type disposal byte

const (
	stays    disposal = 0
	clears   disposal = 2 // becomes transparent, as in all viewers, whatever background the file names
	restores disposal = 3 // becomes what it was
)

// readAnimation reads up to so many frames of a file that Inspect walked, without decoding them.
func readAnimation(info Info, src []byte, most int) (animation, error) {
	read := readGIFFrames
	if info.Format == WebP {
		read = readWebPFrames
	}
	a, err := read(src, most)
	if err != nil {
		return a, headerFault(err)
	}
	if len(a.frames) == 0 {
		return a, fault.New(fault.Invalid, "The file is damaged: the animation has no frames.", nil)
	}
	canvas := image.Rect(0, 0, info.StoredWidth, info.StoredHeight)
	for i, f := range a.frames {
		if f.place.Empty() || !f.place.In(canvas) {
			return a, fault.Newf(fault.Invalid,
				"The file is damaged: frame %d of the animation does not lie on its canvas.", i+1)
		}
	}
	return a, nil
}

func readGIFFrames(src []byte, most int) (animation, error) {
	a := animation{plays: 1}
	var head, control []byte // of the file; of the next frame
	for b, err := range container.GIF(src) {
		if err != nil {
			return a, err
		}
		switch b.Kind {
		case container.Screen:
			head = src[:b.End]
		case container.GraphicControl:
			control = src[b.Start:b.End]
		case container.Extension:
			if repeats, ok := b.GIFLoops(); ok && repeats > 0 {
				a.plays = repeats + 1
			} else if ok {
				a.plays = 0
			}
		case container.Frame:
			if len(a.frames) < most {
				a.frames = append(a.frames, gifFrame(head, control, src[b.Start:b.End], b.GIFPlace()))
			}
			control = nil
		}
	}
	return a, nil
}

// gifFrame returns a frame from the file's head, the frame's graphic control extension, if it has one, and its body.
func gifFrame(head, control, body []byte, place image.Rectangle) frame {
	f := frame{place: place, still: func() []byte {
		return append(bytes.Join([][]byte{head, control, body}, nil), byte(container.Trailer))
	}}
	if control != nil {
		fields := control[3:]
		f.dispose = disposalOf(container.Block{Data: fields})
		f.delay = int(binary.LittleEndian.Uint16(fields[1:])) * 10
	}
	return f
}

// disposalOf returns the disposal that a GraphicControl block asks for. What the specification leaves open stays.
func disposalOf(b container.Block) disposal {
	if d := disposal(b.Data[0] >> 2 & 7); d == clears || d == restores {
		return d
	}
	return stays
}

func readWebPFrames(src []byte, most int) (animation, error) {
	a := animation{plays: 1}
	for c, err := range container.WebP(src) {
		if err != nil {
			return a, err
		}
		switch {
		case c.Name == "ANIM" && len(c.Data) >= 6:
			a.plays = int(binary.LittleEndian.Uint16(c.Data[4:]))
		case c.Name == "ANMF" && len(a.frames) < most:
			f, err := webpFrame(c.Data)
			if err != nil {
				return a, err
			}
			a.frames = append(a.frames, f)
		}
	}
	return a, nil
}

// webpFrame reads the data of an ANMF chunk (RFC 9649, section 2.7.1.2).
func webpFrame(data []byte) (frame, error) {
	var alpha, pixels container.Chunk
	for c, err := range container.WebPFrame(data) {
		switch {
		case err != nil:
			return frame{}, err
		case c.Name == "ALPH":
			alpha = c
		case c.Name == "VP8 " || c.Name == "VP8L":
			pixels = c
		}
	}
	if pixels.Name == "" {
		return frame{}, container.ErrTruncated
	}
	u24 := func(i int) int { return container.U24(data[3*i:]) }
	at := image.Pt(2*u24(0), 2*u24(1))
	size := image.Pt(u24(2)+1, u24(3)+1)
	f := frame{place: image.Rectangle{Min: at, Max: at.Add(size)}, delay: u24(4), replace: data[15]&2 != 0}
	if data[15]&1 != 0 {
		f.dispose = clears
	}
	if pixels.Name == "VP8L" {
		alpha = container.Chunk{} // which has its own
	}
	f.still = func() []byte { return webpStill(size, alpha, pixels) }
	return f, nil
}

// webpStill returns a file of one frame. The extended header has its sides, which the decoder compares.
func webpStill(size image.Point, alpha, pixels container.Chunk) []byte {
	flags := byte(0)
	if alpha.Name != "" {
		flags = container.WebPAlpha
	}
	file := container.AppendWebP(nil, "VP8X", container.VP8X(flags, size.X, size.Y))
	if alpha.Name != "" {
		file = container.AppendWebP(file, alpha.Name, alpha.Data)
	}
	return container.RIFF(container.AppendWebP(file, pixels.Name, pixels.Data))
}

// canvas lays the frames of an animation over one another.
type canvas struct {
	info   Info
	m      *image.NRGBA
	last   frame
	before *image.NRGBA // what was in the place of the last frame, if it restores it
}

func newCanvas(info Info) *canvas {
	return &canvas{info: info, m: image.NewNRGBA(image.Rect(0, 0, info.StoredWidth, info.StoredHeight))}
}

// show decodes a frame and brings the canvas to what is seen with it.
func (c *canvas) show(ctx context.Context, f frame) error {
	one := c.info
	one.Animated, one.StoredWidth, one.StoredHeight = false, f.place.Dx(), f.place.Dy()
	decoded, err := decode(ctx, f.still(), one, 1)
	if err != nil {
		return err
	}
	if m, ok := decoded.(*image.Paletted); ok {
		m.Rect = m.Rect.Sub(m.Rect.Min)
	}
	m, err := convert(ctx, decoded, f.place.Size(), upright)
	if err != nil {
		return err
	}
	c.takeAway()
	part := view(c.m, f.place)
	if c.last = f; f.dispose == restores {
		c.before = copied(part)
	}
	if f.replace {
		copyRows(part, m)
	} else {
		compose(part, m, 255)
	}
	return nil
}

// takeAway does to the place of the last frame what that frame asks for.
func (c *canvas) takeAway() {
	switch c.last.dispose {
	case clears:
		eachRow(view(c.m, c.last.place), func(_ int, row []byte) { clear(row) })
	case restores:
		copyRows(view(c.m, c.last.place), c.before)
	}
	c.before = nil
}

// copied returns a copy of a zero-origin picture without the room between its rows.
func copied(m *image.NRGBA) *image.NRGBA {
	to := image.NewNRGBA(m.Rect)
	copyRows(to, m)
	return to
}
