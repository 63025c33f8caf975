package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/gift"
)

// attended is a cut to the part that people look at.
type attended struct {
	in, out image.Point
}

func (a attended) size() image.Point { return a.out }
func (a attended) String() string    { return "crop to what attracts" }

// scratch is a small copy, and what making it takes.
func (a attended) scratch() int64 {
	return scaled{in: a.in, out: attentionSize(a.in)}.scratch() + attentionSide*attentionSide*20
}

// attentionSide is how many points the longer side of a picture has when it is searched for what attracts.
const attentionSide = 192

func attentionSize(in image.Point) image.Point {
	k := min(1, attentionSide/float64(max(in.X, in.Y)))
	return image.Pt(rounded(k*float64(in.X)), rounded(k*float64(in.Y)))
}

func (a attended) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	cut, err := a.decide(ctx, m)
	if err != nil {
		return nil, err
	}
	return cut.apply(ctx, m)
}

func (a attended) decide(ctx context.Context, m *image.NRGBA) (operation, error) {
	small, err := resample(ctx, m, attentionSize(a.in), gift.BoxResampling)
	if err != nil {
		return nil, fmt.Errorf("make a small copy: %w", err)
	}
	size := small.Rect.Max
	kx, ky := float64(size.X)/float64(a.in.X), float64(size.Y)/float64(a.in.Y)
	window := image.Pt(min(size.X, rounded(kx*float64(a.out.X))), min(size.Y, rounded(ky*float64(a.out.Y))))
	best := strongest(attention(small), size, window)
	middle := image.Pt(
		int((float64(best.X)+float64(window.X)/2)/kx+0.5),
		int((float64(best.Y)+float64(window.Y)/2)/ky+0.5),
	)
	return cropped{in: a.in, rect: centered(a.out, middle, a.in)}, nil
}

// attention returns how much each pixel attracts, row by row: edges, strong colours and skin, as in smartcrop.js, whose
// colour of skin it is.
func attention(m *image.NRGBA) []int {
	size := m.Rect.Max
	luma := func(x, y int) int {
		x, y = max(0, min(x, size.X-1)), max(0, min(y, size.Y-1))
		q := m.Pix[y*m.Stride+x*4:]
		return int(luma709(uint32(q[0]), uint32(q[1]), uint32(q[2]))) * int(q[3]) / 255
	}
	all := make([]int, 0, size.X*size.Y)
	for y := range size.Y {
		for x := range size.X {
			edge := abs(4*luma(x, y) - luma(x-1, y) - luma(x+1, y) - luma(x, y-1) - luma(x, y+1))
			q := m.Pix[y*m.Stride+x*4:]
			all = append(all, edge/2+(vivid(q, luma(x, y))+skin(q, luma(x, y)))*int(q[3])/255)
		}
	}
	return all
}

// vivid is how strong a colour is, if it is neither dark nor glaring.
func vivid(q []byte, luma int) int {
	if luma < 13 || luma > 230 {
		return 0
	}
	return int(max(q[0], q[1], q[2])-min(q[0], q[1], q[2])) / 5
}

// skin is how near a colour is to that of skin, dark or light.
func skin(q []byte, luma int) int {
	if luma < 50 {
		return 0
	}
	r, g, b := float64(q[0]), float64(q[1]), float64(q[2])
	length := math.Sqrt(r*r + g*g + b*b)
	off := math.Hypot(math.Hypot(r/length-0.78, g/length-0.57), b/length-0.44)
	return max(0, int((0.2-off)*1000))
}

// strongest returns where a window holds most; of equals, the one nearest to the middle.
func strongest(all []int, size, window image.Point) (best image.Point) {
	sums := make([]int, (size.X+1)*(size.Y+1)) // of everything above and left
	for y := range size.Y {
		row := 0
		for x := range size.X {
			row += all[y*size.X+x]
			sums[(y+1)*(size.X+1)+x+1] = sums[y*(size.X+1)+x+1] + row
		}
	}
	at := func(x, y int) int { return sums[y*(size.X+1)+x] }
	most, nearest := -1, 0
	for y := 0; y+window.Y <= size.Y; y++ {
		for x := 0; x+window.X <= size.X; x++ {
			sum := at(x+window.X, y+window.Y) - at(x, y+window.Y) - at(x+window.X, y) + at(x, y)
			far := abs(2*x+window.X-size.X) + abs(2*y+window.Y-size.Y)
			if sum > most || sum == most && far < nearest {
				most, nearest, best = sum, far, image.Pt(x, y)
			}
		}
	}
	return best
}
