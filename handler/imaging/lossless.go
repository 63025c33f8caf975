package imaging

import (
	"image"

	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// lossless returns the JPEG file turned and cut as the plan asks, without coding it again: no level changes. It reports
// false for what cannot be done so, such as turns that would bring an incomplete block to the front.
func (w *writer) lossless() (file []byte, ok bool) {
	p := w.plan
	if p.format != JPEG || !p.info.turbo || p.toSRGB != nil || p.denominator != 1 || len(p.operations) > 1 || p.losslessBytes() > w.memory {
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
	return w.attach(file, w.updated()), true
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
