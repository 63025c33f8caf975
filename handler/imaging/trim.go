package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"strconv"
	"sync"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// trimming returns the step if it is a trim that is to be carried out.
func (p *planner) trimming(step recipe.Step) (recipe.Trim, bool) {
	if w, ok := step.(recipe.When); ok && p.holds(w) {
		step = w.Step
	}
	s, ok := step.(recipe.Trim)
	return s, ok
}

// trim cuts edges off. How much is known only with the pixels, so the steps that follow are fitted twice: now to the
// picture without the trim, which finds what is wrong with them, and then to what is left.
func (p *planner) trim(s recipe.Trim, rest []recipe.Step, index int) error {
	if p.plan.moving {
		return fault.New(fault.Unsupported,
			"An animation cannot be trimmed: each of its frames would get another size.",
			nil).At("/steps/" + strconv.Itoa(index))
	}
	after := func(size image.Point) (*plan, error) { return p.after(size, rest, index+1, p.plan.warnings) }
	untrimmed, err := p.after(p.plan.size, rest, index+1, warnings{})
	if err != nil {
		return err
	}
	p.push(trimmed{Trim: s, in: p.plan.size, untrimmed: untrimmed, after: after})
	return nil
}

// after fits steps to a picture on the way. The index is that of the first of them in the recipe; what may be lost is
// added to the warnings.
func (p *planner) after(size image.Point, steps []recipe.Step, index int, lost warnings) (*plan, error) {
	next := &planner{
		limits: p.limits,
		o:      p.o,
		info:   p.info,
		out:    p.out,
		plan: &plan{
			info:        p.info,
			denominator: 1,
			size:        size,
			format:      p.plan.format,
			warnings:    lost,
		},
	}
	if err := next.steps(steps, index); err != nil {
		return nil, err
	}
	next.plan.memory = next.peak(size)
	return next.plan, next.checkResult()
}

// trimmed is a trim with all that follows it.
type trimmed struct {
	recipe.Trim
	in        image.Point
	untrimmed *plan // what follows, if nothing is cut off
	after     func(size image.Point) (*plan, error)
}

func (t trimmed) size() image.Point { return t.untrimmed.size }
func (t trimmed) scratch() int64    { return t.untrimmed.memory }

func (t trimmed) String() string {
	what := "trim"
	for _, op := range t.untrimmed.operations {
		what += fmt.Sprintf(", %s → up to %d×%d", op, op.size().X, op.size().Y)
	}
	return what
}

func (t trimmed) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	inner, err := t.inner(ctx, m)
	if err != nil {
		return nil, err
	}
	m = view(m, t.kept(inner))
	next, err := t.after(m.Rect.Max)
	if err != nil {
		return nil, err
	}
	return next.apply(ctx, m)
}

// kept returns what of the picture is left around what is inside of the edges.
func (t trimmed) kept(inner image.Rectangle) image.Rectangle {
	all := image.Rectangle{Max: t.in}
	if inner.Empty() {
		return all
	}
	margin := int(t.Margin.Of(min(inner.Dx(), inner.Dy())))
	r := inner.Inset(-margin).Intersect(all)
	if t.Equal == recipe.EqualHorizontal || t.Equal == recipe.EqualBoth {
		edge := min(r.Min.X, t.in.X-r.Max.X)
		r.Min.X, r.Max.X = edge, t.in.X-edge
	}
	if t.Equal == recipe.EqualVertical || t.Equal == recipe.EqualBoth {
		edge := min(r.Min.Y, t.in.Y-r.Max.Y)
		r.Min.Y, r.Max.Y = edge, t.in.Y-edge
	}
	return r
}

// inner returns the box around all pixels that are not of the edges' colour.
func (t trimmed) inner(ctx context.Context, m *image.NRGBA) (inner image.Rectangle, err error) {
	c := t.Color
	if t.Auto {
		c = color.NRGBA{R: m.Pix[0], G: m.Pix[1], B: m.Pix[2], A: m.Pix[3]}
	}
	edge := func(q []byte) bool { return apart(q, c) <= t.Threshold }
	var mu sync.Mutex
	err = inRows(ctx, m.Rect.Dy(), func(from, to int) {
		var band image.Rectangle
		eachRow(rows(m, from, to), func(y int, row []byte) {
			left, right := 0, len(row)
			for left < right && edge(row[left:]) {
				left += 4
			}
			for left < right && edge(row[right-4:]) {
				right -= 4
			}
			if left < right {
				band = band.Union(image.Rect(left/4, from+y, right/4, from+y+1))
			}
		})
		mu.Lock()
		defer mu.Unlock()
		inner = inner.Union(band)
	})
	return inner, err
}

// apart returns by how many levels a pixel differs from a colour. What cannot be seen has no colour.
func apart(q []byte, c color.NRGBA) int {
	most := abs(int(q[3]) - int(c.A))
	if q[3] == 0 || c.A == 0 {
		return most
	}
	return max(most, abs(int(q[0])-int(c.R)), abs(int(q[1])-int(c.G)), abs(int(q[2])-int(c.B)))
}
