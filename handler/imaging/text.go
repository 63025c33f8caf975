package imaging

import (
	"context"
	"fmt"
	"image"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// text writes a text. Everything is laid out here, so that only painting is left for apply.
func (p *planner) text(s recipe.Text) error {
	if s.Opacity == 0 {
		return nil
	}
	face, err := openFace(s.Bold, s.Italic)
	if err != nil {
		return noFont(err)
	}
	in := p.plan.size
	size := max(1, s.Size.Of(min(in.X, in.Y)))
	t := written{Text: s, in: in, fontSize: size, stroke: lengthOf(s.Stroke.Width, size)}
	margin := t.stroke
	if s.Background.Color.A > 0 {
		margin += lengthOf(s.Background.Padding, size)
	}
	offset := image.Pt(int(s.OffsetX.Of(in.X)), int(s.OffsetY.Of(in.Y)))
	room := min(s.MaxWidth.Of(in.X), float64(in.X-max(0, offset.X))) - 2*margin
	words := recipe.Expand(s.Text, p.value)
	if len(words) > longestText {
		return fault.Newf(fault.Invalid,
			"The text has %d bytes with its placeholders filled in; at most %d are written.",
			len(words), longestText)
	}
	if f := face.lacking(words); f != nil {
		return f
	}
	l := face.layout(words, size, max(room, size), s.LineHeight, s.Align)
	width, height := l.width+2*margin, l.height+2*margin
	t.box = standing(turnedSize(width, height, s.Angle), in, s.Gravity, offset)
	x, y := float64(t.box.Min.X), float64(t.box.Min.Y)
	middle := spot{x + float64(t.box.Dx())/2, y + float64(t.box.Dy())/2}
	if s.Angle != 0 {
		x, y = middle.x-width/2, middle.y-height/2
		t.paper = roundedBox(x, y, width, height, 0)
		turnAbout(middle, s.Angle, t.paper)
	}
	t.outlines = face.outlines(l, x+margin, y+margin)
	if s.Underline {
		t.outlines = append(t.outlines, l.underlines(x+margin, y+margin)...)
	}
	for _, line := range t.outlines {
		turnAbout(middle, s.Angle, line)
	}
	if !t.paints().Empty() {
		p.push(t)
	}
	return nil
}

// longestText bounds a text after its placeholders were filled in, in bytes.
const longestText = 4096

// lengthOf returns a length in pixels whose percentages are of a whole.
func lengthOf(l recipe.Length, whole float64) float64 {
	if l.Percent {
		return l.Value * whole / 100
	}
	return l.Value
}

// value returns what a placeholder stands for.
func (p *planner) value(name string) string {
	base := path.Base(strings.ReplaceAll(p.o.Name, `\`, "/"))
	if p.o.Name == "" {
		base = ""
	}
	ext := path.Ext(base)
	switch name {
	case "name":
		return strings.TrimSuffix(base, ext)
	case "ext":
		return strings.TrimPrefix(ext, ".")
	case "width":
		return strconv.Itoa(p.plan.size.X)
	case "height":
		return strconv.Itoa(p.plan.size.Y)
	case "date":
		return p.o.Time.Format("2006-01-02")
	}
	if name == "year" || p.o.about == nil {
		return p.o.Time.Format("2006")
	}
	switch about := p.o.about(); name {
	case "taken":
		return about.Day()
	case "title":
		return about.Title
	case "creator":
		return about.Creator
	default:
		return about.Copyright
	}
}

// turnedSize returns the size of the box around a rectangle that is turned by degrees. What sticks out by a millionth
// of a pixel is rounding.
func turnedSize(width, height, angle float64) image.Point {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	sin, cos = math.Abs(sin), math.Abs(cos)
	return image.Pt(ceil(width*cos+height*sin-1e-6), ceil(width*sin+height*cos-1e-6))
}

// written is a text with its place.
type written struct {
	recipe.Text
	in               image.Point
	fontSize, stroke float64         // pixels
	box              image.Rectangle // around all of it
	paper            contour         // the background, if it is turned
	outlines         []contour       // in the picture's coordinates
}

func (t written) size() image.Point { return t.in }

func (t written) String() string {
	return fmt.Sprintf("text %.4g px at %v", t.fontSize, t.box)
}

// paints returns the part of the picture that the text may touch: letters may lean out of their box.
func (t written) paints() image.Rectangle {
	slack := ceil(t.stroke + t.fontSize/2)
	return t.box.Inset(-slack).Intersect(image.Rectangle{Max: t.in})
}

// scratch is the layer, a mask and the rasterizer's sums.
func (t written) scratch() int64 { return area(t.paints().Size()) * 9 }

// apply paints background, outline and letters on a layer of their own, so that the opacity counts for all
// of them as one.
func (t written) apply(_ context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	part := t.paints()
	layer := image.NewNRGBA(image.Rectangle{Max: part.Size()})
	if box := t.box.Intersect(part); t.paper != nil {
		paint(layer, slices.Values([]contour{t.paper}), part.Min, t.Background.Color)
	} else if !box.Empty() && t.Background.Color.A > 0 {
		fill(view(layer, box.Sub(part.Min)), t.Background.Color)
	}
	if t.stroke > 0 && t.Stroke.Color.A > 0 {
		around := pen{half: t.stroke, join: recipe.JoinRound}
		paint(layer, around.stroked(closed(t.outlines)), part.Min, t.Stroke.Color)
	}
	paint(layer, slices.Values(t.outlines), part.Min, t.Color)
	compose(view(m, part), layer, uint32(t.Opacity*255+0.5))
	return m, nil
}

func abs(x int) int { return max(x, -x) }
