//go:build goexperiment.simd && amd64

package imaging

import "simd/archsimd"

// avx2 says whether the processor has the instructions. Tests switch it off: the results are the same.
var avx2 = archsimd.X86.AVX2()

// opaqueRows returns what weighs along rows of a width, four neighbours at once; see acrossOpaque.
func opaqueRows(across []taps, width int) func(line []int16, row []byte) {
	packed, ok := packTaps(across, width)
	if !avx2 || !ok {
		return func(line []int16, row []byte) { acrossOpaque(line, row, across) }
	}
	return func(line []int16, row []byte) { acrossVector(line, row, packed) }
}

// alphaRows is opaqueRows for premultiplied rows; see acrossAlpha.
func alphaRows(across []taps, width int) func(line, row []int16) {
	packed, ok := packTaps(across, width)
	if !avx2 || !ok {
		return func(line, row []int16) { acrossAlpha(line, row, across) }
	}
	return func(line, row []int16) { acrossAlphaVector(line, row, packed) }
}

// planeRows is opaqueRows for rows of one channel; see acrossPlane.
func planeRows(across []taps, width int) func(line []int16, row []byte) {
	packed, ok := packPlane(across, width)
	if !avx2 || !ok {
		return func(line []int16, row []byte) { acrossPlane(line, row, across) }
	}
	return func(line []int16, row []byte) {
		done := len(packed) &^ 3
		acrossPlaneVector(line, row, packed[:done])
		acrossPlane(line[done:], row, across[done:])
	}
}

// packPlane fills taps of one channel up to sixteens. It reports false if a row is too short for that.
func packPlane(across []taps, width int) ([]packedTaps, bool) {
	packed := make([]packedTaps, len(across))
	for i, t := range across {
		count := (len(t.weights) + 15) &^ 15
		first := min(t.first, width-count)
		if first < 0 {
			return nil, false
		}
		weights := make([]int16, count)
		for j, w := range t.weights {
			weights[t.first+j-first] = int16(w)
		}
		packed[i] = packedTaps{first, weights}
	}
	return packed, true
}

// packedTaps are taps in fours: sixteen weights for each four neighbours, in the order of the levels in acrossVector.
type packedTaps struct {
	offset  int // of the first neighbour's levels in a row
	weights []int16
}

// packTaps fills up to fours with neighbours of no weight. It reports false if a row is too short for that.
func packTaps(across []taps, width int) ([]packedTaps, bool) {
	packed := make([]packedTaps, len(across))
	for i, t := range across {
		fours := (len(t.weights) + 3) / 4
		first := min(t.first, width-4*fours)
		if first < 0 {
			return nil, false
		}
		weights := make([]int16, 16*fours)
		for j, w := range t.weights {
			at := t.first + j - first
			for channel := range 4 {
				weights[at/2*8+2*channel+at%2] = int16(w)
			}
		}
		packed[i] = packedTaps{4 * first, weights}
	}
	return packed, true
}

// pairs is the order in which two pixels' levels of the same channel stand side by side.
var pairs = [16]int8{0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15}

func acrossVector(line []int16, row []byte, across []packedTaps) {
	order := archsimd.LoadInt8x16Slice(pairs[:])
	half := archsimd.BroadcastInt32x4(1 << (weightBits - levelBits - 1))
	least, most := archsimd.BroadcastInt32x4(0), archsimd.BroadcastInt32x4(fullLevel)
	var levels [4]int32
	for _, t := range across {
		sums := archsimd.BroadcastInt32x8(0)
		p := row[t.offset:]
		for w := t.weights; len(w) >= 16; w = w[16:] {
			four := archsimd.LoadUint8x16Slice(p).PermuteOrZero(order).ExtendToUint16().AsInt16x16()
			sums = sums.Add(four.DotProductPairs(archsimd.LoadInt16x16Slice(w)))
			p = p[16:]
		}
		sum := sums.GetLo().Add(sums.GetHi()).Add(half).ShiftAllRight(weightBits - levelBits)
		sum.Max(least).Min(most).StoreSlice(levels[:])
		to := line[:3:3]
		to[0], to[1], to[2] = int16(levels[0]), int16(levels[1]), int16(levels[2])
		line = line[3:]
	}
	archsimd.ClearAVXUpperBits()
}

// widePairs is pairs for levels of two bytes, in both halves of a vector.
var widePairs = [32]int8{
	0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15,
	0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15,
}

func acrossAlphaVector(line, row []int16, across []packedTaps) {
	order := archsimd.LoadInt8x32Slice(widePairs[:])
	var levels [4]int32
	for _, t := range across {
		sums := archsimd.BroadcastInt32x8(0)
		p := row[t.offset:]
		for w := t.weights; len(w) >= 16; w = w[16:] {
			four := archsimd.LoadInt16x16Slice(p).AsInt8x32().PermuteOrZeroGrouped(order).AsInt16x16()
			sums = sums.Add(four.DotProductPairs(archsimd.LoadInt16x16Slice(w)))
			p = p[16:]
		}
		sums.GetLo().Add(sums.GetHi()).StoreSlice(levels[:])
		storeBetween(line[:4:4], levels[0], levels[1], levels[2], levels[3])
		line = line[4:]
	}
	archsimd.ClearAVXUpperBits()
}

// acrossPlaneVector weighs for four places at once.
func acrossPlaneVector(line []int16, row []byte, across []packedTaps) {
	half := archsimd.BroadcastInt32x4(1 << (weightBits - levelBits - 1))
	least, most := archsimd.BroadcastInt32x4(0), archsimd.BroadcastInt32x4(fullLevel)
	var levels [4]int32
	for len(across) >= 4 {
		a, b := weighSixteens(row, &across[0]), weighSixteens(row, &across[1])
		c, d := weighSixteens(row, &across[2]), weighSixteens(row, &across[3])
		sum := a.AddPairs(b).AddPairs(c.AddPairs(d)).Add(half).ShiftAllRight(weightBits - levelBits)
		sum.Max(least).Min(most).StoreSlice(levels[:])
		to := line[:4:4]
		to[0], to[1], to[2], to[3] = int16(levels[0]), int16(levels[1]), int16(levels[2]), int16(levels[3])
		line, across = line[4:], across[4:]
	}
	archsimd.ClearAVXUpperBits()
}

// weighSixteens returns four sums whose sum is that of the weighed levels.
func weighSixteens(row []byte, t *packedTaps) archsimd.Int32x4 {
	sums := archsimd.BroadcastInt32x8(0)
	p := row[t.offset:]
	for w := t.weights; len(w) >= 16; w = w[16:] {
		sixteen := archsimd.LoadUint8x16Slice(p).ExtendToUint16().AsInt16x16()
		sums = sums.Add(sixteen.DotProductPairs(archsimd.LoadInt16x16Slice(w)))
		p = p[16:]
	}
	return sums.GetLo().Add(sums.GetHi())
}

// downRow is downPlain, sixteen columns and two rows at once.
func downRow(sums []int32, band []int16, width int, weights []int32) {
	done := 0
	if avx2 {
		for ; done+16 <= len(sums); done += 16 {
			downSixteen(sums[done:], band[done:], width, weights)
		}
		archsimd.ClearAVXUpperBits()
	}
	if done < len(sums) {
		downPlain(sums[done:], band[done:], width, weights)
	}
}

func downSixteen(sums []int32, band []int16, width int, weights []int32) {
	low, high := archsimd.BroadcastInt32x8(0), archsimd.BroadcastInt32x8(0)
	for len(weights) > 0 {
		a, b, second := archsimd.LoadInt16x16Slice(band), archsimd.BroadcastInt16x16(0), int32(0)
		if len(weights) > 1 {
			b, second = archsimd.LoadInt16x16Slice(band[width:]), weights[1]
		}
		both := archsimd.BroadcastInt32x8(weights[0]&0xFFFF | second<<16).AsInt16x16()
		low = low.Add(a.InterleaveLoGrouped(b).DotProductPairs(both))
		high = high.Add(a.InterleaveHiGrouped(b).DotProductPairs(both))
		if len(weights) <= 2 {
			break
		}
		band, weights = band[2*width:], weights[2:]
	}
	low.Select128FromPair(0, 2, high).StoreSlice(sums)
	low.Select128FromPair(1, 3, high).StoreSlice(sums[8:])
}
