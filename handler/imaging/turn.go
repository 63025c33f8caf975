package imaging

import "image"

// turn is one of the eight ways to lay a rectangle: quarter turns and mirrors. It transposes first, then
// mirrors left to right, then top to bottom.
type turn uint8

const (
	transposed turn = 1 << iota // x and y swap
	mirroredX                   // left and right swap, after the transposition
	mirroredY                   // top and bottom swap, after the transposition

	upright turn = 0
)

// turnOf returns what brings stored pixels with an EXIF orientation from 1 to 8 upright.
func turnOf(orientation int) turn {
	turns := [...]turn{
		1: upright,
		2: mirroredX,
		3: mirroredX | mirroredY,
		4: mirroredY,
		5: transposed,
		6: transposed | mirroredX, // a quarter turn clockwise
		7: transposed | mirroredX | mirroredY,
		8: transposed | mirroredY, // a quarter turn counter-clockwise
	}
	return turns[orientation]
}

// quarters returns n quarter turns clockwise.
func quarters(n int) turn {
	return [...]turn{upright, turnOf(6), turnOf(3), turnOf(8)}[n%4]
}

// then returns the turn that does t first and u second. A transposition turns mirrors that came before it
// into mirrors of the other axis.
func (t turn) then(u turn) turn {
	x, y := t&mirroredX, t&mirroredY
	if u&transposed != 0 {
		x, y = y>>1, x<<1
	}
	return (t & transposed) ^ x ^ y ^ u
}

// size returns the size of a turned picture.
func (t turn) size(of image.Point) image.Point {
	if t&transposed != 0 {
		return image.Pt(of.Y, of.X)
	}
	return of
}

// String names the turn for plans.
func (t turn) String() string {
	return [...]string{
		upright:                            "upright",
		mirroredX:                          "flip horizontal",
		mirroredY:                          "flip vertical",
		mirroredX | mirroredY:              "rotate 180",
		transposed:                         "transpose",
		transposed | mirroredX:             "rotate 90",
		transposed | mirroredY:             "rotate 270",
		transposed | mirroredX | mirroredY: "transverse",
	}[t]
}

// walk returns where stored pixels land in a turned picture of a size: (x, y) at origin + x·right + y·down, if a pixel
// is so long and a row so far from the next.
func (t turn) walk(size image.Point, pixel, stride int) (origin, right, down int) {
	right, down = pixel, stride
	if t&transposed != 0 {
		right, down = stride, pixel
	}
	if t&mirroredX != 0 {
		origin += (size.X - 1) * pixel
		if t&transposed != 0 {
			down = -down
		} else {
			right = -right
		}
	}
	if t&mirroredY != 0 {
		origin += (size.Y - 1) * stride
		if t&transposed != 0 {
			right = -right
		} else {
			down = -down
		}
	}
	return origin, right, down
}
