package imaging

import (
	"context"
	"image"
)

// turned is a turn in the middle of a plan.
type turned struct {
	turn turn
	in   image.Point
}

// turn adds a turn. Turns that follow each other become one, and a turn that is undone vanishes.
func (p *planner) turn(t turn) {
	if before, ok := p.last(len(p.plan.operations) - 1).(turned); ok {
		p.pop(before.in)
		t = before.turn.then(t)
	}
	if t != upright {
		p.push(turned{turn: t, in: p.plan.size})
	}
}

func (t turned) size() image.Point { return t.turn.size(t.in) }
func (t turned) scratch() int64    { return 0 }
func (t turned) String() string    { return t.turn.String() }

func (t turned) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	return convert(ctx, m, t.in, t.turn)
}
