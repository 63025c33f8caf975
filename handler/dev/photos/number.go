package photos

import (
	"fmt"
	"image"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// write puts a text into the upper left: white on a dark plate, so that it is readable on any scene.
func (c *canvas) write(text string) error {
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return fmt.Errorf("reading the font: %w", err)
	}
	short := float32(min(c.w, c.h))
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(short) * 0.12, DPI: 72})
	if err != nil {
		return fmt.Errorf("scaling the font: %w", err)
	}
	defer face.Close()
	margin, pad := short*0.04, short*0.028
	wide, tall := float32(font.MeasureString(face, text).Ceil()), float32(face.Metrics().CapHeight.Ceil())
	right, low := margin+2*pad+wide, margin+2*pad+tall
	plate := bar(margin*c.pixel, margin*c.pixel, right*c.pixel, low*c.pixel, pad*c.pixel)
	c.fill(plate, paint{opacity: 0.72, shade: plain(hex(0x14161c)).shade})

	mask := image.NewAlpha(image.Rect(0, 0, min(int(right)+1, c.w), min(int(low)+1, c.h)))
	d := font.Drawer{Dst: mask, Src: image.Opaque, Face: face, Dot: fixed.P(int(margin+pad), int(low-pad))}
	d.DrawString(text)
	for y := range mask.Rect.Max.Y {
		for x := range mask.Rect.Max.X {
			c.put(y*c.w+x, hex(0xffffff), float32(mask.AlphaAt(x, y).A)/255, paint{})
		}
	}
	return nil
}
