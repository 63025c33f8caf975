package sheet

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// tone is an opaque colour.
type tone uint32

const (
	paper    tone = 0xf3f4f7
	white    tone = 0xffffff
	backdrop tone = 0xedeff3
	ink      tone = 0x1b2230
	pale     tone = 0x667085
	faint    tone = 0xa3abba
)

// RGBA makes a tone a color.Color.
func (t tone) RGBA() (r, g, b, a uint32) {
	return uint32(t>>16&255) * 0x101, uint32(t>>8&255) * 0x101, uint32(t&255) * 0x101, 0xffff
}

// fonts are the faces of a page.
type fonts struct{ title, name, note font.Face }

// page is a picture with means to draw on it.
type page struct {
	img   *image.RGBA
	fonts fonts
}

func newPage(w, h int) (*page, error) {
	p := &page{img: image.NewRGBA(image.Rect(0, 0, w, h))}
	draw.Draw(p.img, p.img.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	var faults [3]error
	p.fonts.title, faults[0] = face(gobold.TTF, 40)
	p.fonts.name, faults[1] = face(gomedium.TTF, 19)
	p.fonts.note, faults[2] = face(goregular.TTF, 16)
	return p, errors.Join(faults[:]...)
}

func face(ttf []byte, size float64) (font.Face, error) {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("reading a font: %w", err)
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("scaling a font: %w", err)
	}
	return f, nil
}

func (p *page) close() {
	for _, f := range []font.Face{p.fonts.title, p.fonts.name, p.fonts.note} {
		_ = f.Close() // faces in memory have nothing to lose
	}
}

// text writes one line from x on the baseline y; what does not fit into room is cut and ends in dots.
func (p *page) text(f font.Face, t tone, x, y, room int, s string) {
	d := font.Drawer{Dst: p.img, Src: image.NewUniform(t), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(cut(f, s, room))
}

// centred writes one line in the middle of a rectangle.
func (p *page) centred(f font.Face, t tone, r image.Rectangle, s string) {
	s = cut(f, s, r.Dx()-2*padding)
	x := (r.Min.X + r.Max.X - font.MeasureString(f, s).Ceil()) / 2
	p.text(f, t, x, (r.Min.Y+r.Max.Y)/2+f.Metrics().XHeight.Ceil()/2, r.Dx(), s)
}

// cut shortens a line to the room there is.
func cut(f font.Face, s string, room int) string {
	limit := fixed.I(room)
	if font.MeasureString(f, s) <= limit {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && font.MeasureString(f, string(runes)+"…") > limit {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// arrow points from before to after.
func (p *page) arrow(x, y int) {
	const size = 7.0
	area := image.Rect(x-8, y-12, x+8, y+12)
	for py := area.Min.Y; py < area.Max.Y; py++ {
		for px := area.Min.X; px < area.Max.X; px++ {
			// A chevron: the points at a fixed distance from a line that turns back at its tip.
			u, v := float64(px-x)+0.5-size/2, math.Abs(float64(py-y)+0.5)
			along := min(max((v-u)/2, 0), size)
			d := math.Hypot(u+along, v-along) - 1.3
			p.blend(px, py, faint, 0.5-d)
		}
	}
}

// blend lays a tone over a pixel.
func (p *page) blend(x, y int, t tone, cover float64) {
	cover = min(max(cover, 0), 1)
	mask := image.NewUniform(color.Alpha{uint8(cover*255 + 0.5)})
	draw.DrawMask(p.img, image.Rect(x, y, x+1, y+1), image.NewUniform(t), image.Point{}, mask, image.Point{}, draw.Over)
}

// round fills a rectangle with round corners.
func (p *page) round(r image.Rectangle, radius int, c color.Color) {
	draw.DrawMask(p.img, r, image.NewUniform(c), image.Point{}, roundMask(r.Size(), radius, 1), image.Point{},
		draw.Over)
}

// raise draws a white card with a soft shadow.
func (p *page) raise(r image.Rectangle, radius int) {
	const soft, drop = 24, 3
	shadow := r.Inset(-soft / 2).Add(image.Pt(0, drop))
	dark := image.NewUniform(color.NRGBA{0x1b, 0x22, 0x30, 0x2c})
	mask := roundMask(shadow.Size(), radius+soft/2, soft)
	draw.DrawMask(p.img, shadow, dark, image.Point{}, mask, image.Point{}, draw.Over)
	p.round(r, radius, white)
}

// roundMask is a rectangle with round corners, whose edge fades over the last soft pixels; radius is at
// least soft.
func roundMask(size image.Point, radius, soft int) *image.Alpha {
	mask := image.NewAlpha(image.Rectangle{Max: size})
	radius = min(radius, size.X/2, size.Y/2)
	for y := range size.Y {
		dy := max(radius-min(y, size.Y-1-y), 0) // how far within the rows of the corners
		row := mask.Pix[y*mask.Stride:][:size.X]
		middle := cover(float64(radius-dy), soft)
		for x := radius; x < size.X-radius; x++ {
			row[x] = middle
		}
		for x := range radius {
			depth := float64(radius) - math.Hypot(float64(radius-x), float64(dy))
			row[x] = cover(depth, soft)
			row[size.X-1-x] = row[x]
		}
	}
	return mask
}

// cover is how opaque a shape is depth pixels within its edge.
func cover(depth float64, soft int) uint8 {
	t := min(max((depth+0.5)/float64(soft), 0), 1)
	if soft > 1 {
		t *= t * (3 - 2*t)
	}
	return uint8(t*255 + 0.5)
}

// checkers is an endless checkerboard, which shows what is transparent.
type checkers struct{}

func (checkers) ColorModel() color.Model { return color.RGBAModel }

func (checkers) Bounds() image.Rectangle { return image.Rect(-1e9, -1e9, 1e9, 1e9) }

func (checkers) At(x, y int) color.Color {
	const size = 10
	if (x/size+y/size)%2 == 0 {
		return white
	}
	return color.RGBA{0xd9, 0xdd, 0xe4, 0xff}
}
