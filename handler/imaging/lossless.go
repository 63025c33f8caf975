package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// lossless returns the JPEG file turned and cut as the plan asks, without coding it again: no level changes. It reports
// false for what cannot be done so, such as turns that would bring an incomplete block to the front.
func (w *writer) lossless() (file []byte, ok bool) {
	p := w.plan
	if p.format != JPEG || !p.info.turbo || p.toSRGB != nil || p.denominator != 1 || len(p.operations) > 1 ||
		p.losslessBytes() > w.memory {
		return nil, false
	}
	var part image.Rectangle
	if len(p.operations) == 1 {
		cut, isCut := p.operations[0].(cropped)
		if !isCut {
			return nil, false
		}
		part = cut.rect
	}
	file, err := jpegcodec.Transform(w.src, codecTurn(p.start), part, p.info.scans > 1 || w.output.Progressive)
	if err != nil {
		return nil, false
	}
	w.verify = func(ctx context.Context, file []byte) error { return w.verifyMoved(ctx, file, part) }
	return w.attach(file, w.updated()), true
}

// verifyMoved compares a file whose blocks were moved with its source, of which a part is left; all of it if that is
// empty.
func (w *writer) verifyMoved(ctx context.Context, file []byte, part image.Rectangle) error {
	if _, err := w.verifyHeader(file, w.size, 1, 1); err != nil {
		return err
	}
	stored := image.Pt(w.info.StoredWidth, w.info.StoredHeight)
	denominator := 1
	if min(w.size.X, w.size.Y) >= lossySide {
		denominator = jpegcodec.Smallest
	}
	before, err := jpegcodec.Decode(w.src, stored, denominator)
	if err != nil {
		return err
	}
	after, err := jpegcodec.Decode(file, w.size, denominator)
	if err != nil {
		return err
	}
	if before, err = convert(ctx, before, before.Rect.Max, w.start); err != nil {
		return err
	}
	if part.Empty() {
		part = image.Rectangle{Max: w.size}
	}
	// Blocks that are cut off at the right and lower edge are left out.
	small := image.Rectangle{Max: w.size.Div(denominator)}
	cut := small.Add(part.Min.Div(denominator))
	if !cut.In(before.Rect) || !small.In(after.Rect) {
		return fmt.Errorf("%v of %v was meant", cut, before.Rect)
	}
	g := newGrid(small.Max, lossySide/denominator, lossySquares)
	meant := g.of(view(before, cut))
	if denominator == 1 {
		meant = meant.withContrast(view(before, cut))
	}
	return meant.compare(g.of(view(after, small)), toleranceMoved())
}

// losslessBytes estimates the memory of a turn without decoding: the coefficients of both pictures, two bytes each.
func (p *plan) losslessBytes() int64 {
	return int64(p.info.Bytes)*2 + int64(p.info.StoredWidth)*int64(p.info.StoredHeight)*3*2*2
}

// codecTurn returns a turn in the codec's words.
func codecTurn(t turn) jpegcodec.Turn {
	return [...]jpegcodec.Turn{
		upright:                            jpegcodec.Upright,
		mirroredX:                          jpegcodec.FlipHorizontal,
		mirroredY:                          jpegcodec.FlipVertical,
		mirroredX | mirroredY:              jpegcodec.Rotate180,
		transposed:                         jpegcodec.Transpose,
		transposed | mirroredX:             jpegcodec.Rotate90,
		transposed | mirroredY:             jpegcodec.Rotate270,
		transposed | mirroredX | mirroredY: jpegcodec.Transverse,
	}[t]
}

// isOnlyOriented reports whether all that a recipe does is to turn the picture upright.
func (p *plan) isOnlyOriented(r *recipe.Recipe) bool {
	return len(r.Steps) == 0 && len(p.operations) == 0 && p.toSRGB == nil && p.format == p.info.Format
}
