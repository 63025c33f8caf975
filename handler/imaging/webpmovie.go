package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"slices"

	"github.com/deepteams/webp"

	"imagepro/handler/imaging/container"
)

// webpMovie writes an animated WebP: of each frame the rectangle that has changed, in the place of what was there,
// which may make it transparent as well.
type webpMovie struct {
	size    image.Point
	plays   int
	options *webp.EncoderOptions
	frames  [][]byte // the ANMF chunks
	flags   byte
	shown   *image.NRGBA // the frame before
	meant   *meantMovie
}

// longestDelay is how many milliseconds a frame may be seen.
const longestDelay = 1<<24 - 1

func (w *webpMovie) add(_ context.Context, m *image.NRGBA, delay int) error {
	part := m.Rect
	if w.shown != nil {
		part = changed(w.shown, m)
		part.Min.X, part.Min.Y = part.Min.X&^1, part.Min.Y&^1 // the format has half of it
		part.Max.X, part.Max.Y = max(part.Max.X, 1), max(part.Max.Y, 1)
	}
	w.shown = m
	w.meant.add(m)
	var one bytes.Buffer
	if err := webp.Encode(&one, view(m, part), w.options); err != nil {
		return err
	}
	data := container.AppendU24(nil, part.Min.X/2)
	data = container.AppendU24(data, part.Min.Y/2)
	data = container.AppendU24(data, part.Dx()-1)
	data = container.AppendU24(data, part.Dy()-1)
	data = container.AppendU24(data, min(delay, longestDelay))
	data = append(data, 2) // in the place of what is there, and stays
	for c, err := range container.WebP(one.Bytes()) {
		if err != nil {
			return err
		}
		switch c.Name {
		case "VP8X":
			w.flags |= c.Data[0] & container.WebPAlpha
		case "VP8L":
			w.flags |= c.Data[4] & container.WebPAlpha
		}
		if c.Name != "VP8X" {
			data = container.AppendWebP(data, c.Name, c.Data)
		}
	}
	w.frames = append(w.frames, container.AppendWebP(make([]byte, 0, len(data)+9), "ANMF", data))
	return nil
}

func (w *webpMovie) file(context.Context) ([]byte, error) {
	file := container.AppendWebP(nil, "VP8X", container.VP8X(w.flags|container.WebPMoves, w.size.X, w.size.Y))
	file = container.AppendWebP(file, "ANIM",
		binary.LittleEndian.AppendUint16(make([]byte, 4), uint16(min(w.plays, 0xFFFF))))
	return container.RIFF(slices.Concat([][]byte{file}, w.frames)...), nil
}
