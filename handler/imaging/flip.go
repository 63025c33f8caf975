package imaging

import "imagepro/handler/recipe"

// flip mirrors the picture.
func (p *planner) flip(s recipe.Flip) error {
	switch s.Axis {
	case recipe.Horizontal:
		p.turn(mirroredX)
	case recipe.Vertical:
		p.turn(mirroredY)
	default:
		p.turn(mirroredX | mirroredY)
	}
	return nil
}
