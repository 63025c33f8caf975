package photos

import "math/rand/v2"

// latticeSize is the period of the noise in cells; a power of two.
const latticeSize = 256

// noise is value noise: random values on a lattice, joined smoothly. Its values lie in [0, 1].
type noise struct {
	lattice [latticeSize * latticeSize]float32
}

func newNoise(seed uint64) *noise {
	r := rand.New(rand.NewPCG(seed, 0x6e6f697365))
	n := &noise{}
	for i := range n.lattice {
		n.lattice[i] = r.Float32()
	}
	return n
}

// at returns the noise at a point; one cell is one unit wide.
func (n *noise) at(x, y float32) float32 {
	return n.wrapped(x, y, latticeSize-1)
}

// wrapped is at with a period of mask+1 cells, a power of two of at most latticeSize.
func (n *noise) wrapped(x, y float32, mask int32) float32 {
	ix, iy := floor(x), floor(y)
	fx, fy := x-float32(ix), y-float32(iy)
	fx *= fx * (3 - 2*fx)
	fy *= fy * (3 - 2*fy)
	left, right := ix&mask, (ix+1)&mask
	above, below := (iy&mask)*latticeSize, ((iy+1)&mask)*latticeSize
	a, b := n.lattice[above+left], n.lattice[above+right]
	c, d := n.lattice[below+left], n.lattice[below+right]
	a += (b - a) * fx
	c += (d - c) * fx
	return a + (c-a)*fy
}

// fractal sums octaves of noise, each half as strong and twice as fine as the one before.
func (n *noise) fractal(x, y float32, octaves int) float32 {
	var sum, weight float32
	amplitude := float32(1)
	for range octaves {
		sum += n.at(x, y) * amplitude
		weight += amplitude
		amplitude /= 2
		// The shift keeps the octaves' lattices from meeting in the same points.
		x, y = x*2+17.3, y*2+5.7
	}
	return sum / weight
}

func floor(x float32) int32 {
	i := int32(x)
	if x < float32(i) {
		i--
	}
	return i
}
