package icc

import "math"

// Converter takes straight 8-bit pixels to sRGB. Colours that sRGB does not have become the nearest level in each
// channel.
type Converter struct {
	gray   *[256]uint8           // of each channel, for gray
	linear *[3][3][256]int32     // of each channel that comes out and each that goes in: its part of the light
	encode *[fullLight + 1]uint8 // the level of each amount of light
}

// Light is counted in whole numbers, so that the result is the same on every processor: sums with a finer step than
// what levels are looked up by.
const (
	fullLight = 1<<16 - 1
	fineBits  = 4
)

// ToSRGB returns the conversion to sRGB. It is relative: white becomes white.
func (p *Profile) ToSRGB() *Converter {
	c := &Converter{encode: encoding()}
	if p.gray {
		c.gray = new([256]uint8)
		for level, light := range p.curves[0] {
			c.gray[level] = c.encode[int(math.Round(light*fullLight))]
		}
		return c
	}
	matrix := times(inverse(srgbMatrix()), p.matrix)
	c.linear = new([3][3][256]int32)
	for out := range matrix {
		for in := range matrix[out] {
			for level, light := range p.curves[in] {
				part := math.Round(matrix[out][in] * light * (fullLight << fineBits))
				c.linear[out][in][level] = int32(min(max(part, -1<<28), 1<<28)) // no profile that means it comes near
			}
		}
	}
	return c
}

// Row converts pixels of straight RGBA in place. Alpha stays.
func (c *Converter) Row(row []byte) {
	for i := 0; i+3 < len(row); i += 4 {
		q := row[i : i+4 : i+4]
		if c.gray != nil {
			q[0], q[1], q[2] = c.gray[q[0]], c.gray[q[1]], c.gray[q[2]]
			continue
		}
		r, g, b := q[0], q[1], q[2]
		q[0] = c.level(&c.linear[0], r, g, b)
		q[1] = c.level(&c.linear[1], r, g, b)
		q[2] = c.level(&c.linear[2], r, g, b)
	}
}

func (c *Converter) level(from *[3][256]int32, r, g, b uint8) uint8 {
	light := (from[0][r] + from[1][g] + from[2][b] + 1<<(fineBits-1)) >> fineBits
	return c.encode[min(max(light, 0), fullLight)]
}

// IsIdentity reports whether no level moves by more than one: the profile is sRGB's own in other words.
func (c *Converter) IsIdentity() bool {
	const step = 15
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				was := [4]byte{byte(r), byte(g), byte(b), 255}
				if c.gray != nil {
					was[1], was[2] = was[0], was[0]
				}
				is := was
				c.Row(is[:])
				for i := range is {
					if d := int(is[i]) - int(was[i]); d > 1 || d < -1 {
						return false
					}
				}
			}
		}
	}
	return true
}

// encoding returns the level of sRGB of each amount of light (IEC 61966-2-1): the nearest in levels.
func encoding() *[fullLight + 1]uint8 {
	table := new([fullLight + 1]uint8)
	at := 0
	for level := range 256 {
		end := fullLight + 1
		if level < 255 {
			end = int(math.Ceil(light((float64(level)+0.5)/255) * fullLight))
		}
		for ; at < end; at++ {
			table[at] = uint8(level)
		}
	}
	return table
}

// light returns the light of a level of sRGB, both from 0 to 1.
func light(level float64) float64 {
	if level <= 0.04045 {
		return level / 12.92
	}
	return math.Pow((level+0.055)/1.055, 2.4)
}

// srgbMatrix takes red, green and blue of sRGB to the D50 connection space, as the ICC's profile of sRGB does.
func srgbMatrix() [3][3]float64 {
	return [3][3]float64{
		{0.43606567, 0.38514709, 0.14306641},
		{0.22248840, 0.71687317, 0.06060791},
		{0.01391602, 0.09707642, 0.71409607},
	}
}

func times(a, b [3][3]float64) (out [3][3]float64) {
	for i := range out {
		for j := range out[i] {
			out[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j] + a[i][2]*b[2][j]
		}
	}
	return out
}

func inverse(m [3][3]float64) (out [3][3]float64) {
	minor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	determinant := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	for i := range out {
		for j := range out[i] {
			out[j][i] = minor(i, j) / determinant
		}
	}
	return out
}
