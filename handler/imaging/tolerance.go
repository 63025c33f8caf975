package imaging

import "image"

// toleranceOf returns how far a result of a size may be from what was meant, at the quality that it was coded with. The
// numbers leave room of a quarter or more above what was found on photographs, drawings and noise, at all qualities.
func toleranceOf(format Format, size image.Point, quality int) tolerance {
	switch format {
	case JPEG:
		// The mean of a block is coded with a step (ITU-T T.81, table K.2, scaled as libjpeg does); half of it is lost
		// at the most, and the mean is an eighth of what is coded.
		step := min(255, 17*jpegScale(quality)/100)
		t := tolerance{most: 2 + step/12, mean: 1 + step/15}
		if !isScaled(size) { // levels are cut to their range then, where the coding rings
			t.perContrast = 0.02 + step/25
		}
		return t
	case WebP: // which averages chroma as light, not as levels
		loss := float32(100 - quality)
		return tolerance{most: 3 + loss/10, mean: 1.5 + loss/12, perContrast: 0.1 + loss/500}
	}
	return tolerance{} // nothing is lost
}

// jpegScale returns the percentage by which libjpeg scales the tables of a quality.
func jpegScale(quality int) float32 {
	if quality < 50 {
		return 5000 / float32(quality)
	}
	return float32(200 - 2*quality)
}

// toleranceMoved is for blocks that were moved without being coded again: what differs is rounding and, at the edges of
// a part, how chroma is spread.
func toleranceMoved() tolerance { return tolerance{most: 3, mean: 0.5, perContrast: 0.1} }
