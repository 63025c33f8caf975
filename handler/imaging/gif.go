package imaging

import "image"

// threshold makes each pixel opaque or transparent: the format knows nothing between.
func (w *writer) threshold(m *image.NRGBA) {
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			a := row[i+3]
			if a == 255 {
				continue
			}
			if a >= 128 {
				row[i+3] = 255
			} else {
				clear(row[i : i+4])
			}
			if a != 0 {
				w.warnings[WarnAlphaFlattened] = true
			}
		}
	})
}
