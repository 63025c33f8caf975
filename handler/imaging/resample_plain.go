//go:build !goexperiment.simd || !amd64

package imaging

// opaqueRows returns what weighs along rows of a width; see acrossOpaque.
func opaqueRows(across []taps, _ int) func(line []int16, row []byte) {
	return func(line []int16, row []byte) { acrossOpaque(line, row, across) }
}

// alphaRows returns what weighs along premultiplied rows of a width; see acrossAlpha.
func alphaRows(across []taps, _ int) func(line, row []int16) {
	return func(line, row []int16) { acrossAlpha(line, row, across) }
}

// planeRows returns what weighs along rows of one channel; see acrossPlane.
func planeRows(across []taps, _ int) func(line []int16, row []byte) {
	return func(line []int16, row []byte) { acrossPlane(line, row, across) }
}

// downRow is downPlain.
func downRow(sums []int32, band []int16, width int, weights []int32) {
	downPlain(sums, band, width, weights)
}
