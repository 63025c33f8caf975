package imaging

import (
	"fmt"
	"image"
	"image/color"
)

// grid is a grid of small squares over a picture.
type grid struct {
	size image.Point // of the picture
	side int         // of a square, in pixels; those at the right and lower edge may be cut off
	step image.Point // from one square to the next that is looked at, in squares
	n    image.Point // squares across and down that are looked at
}

// newGrid returns a grid of at most so many squares across and down.
func newGrid(size image.Point, side, most int) grid {
	over := func(n, by int) int { return (n + by - 1) / by }
	across, down := over(size.X, side), over(size.Y, side)
	step := image.Pt(over(across, most), over(down, most))
	return grid{size: size, side: side, step: step, n: image.Pt(over(across, step.X), over(down, step.Y))}
}

// square returns the pixels of a square. One that is cut off has even sides if it can: two pixels share their chroma.
func (g grid) square(i, j int) image.Rectangle {
	at := image.Pt(i*g.step.X*g.side, j*g.step.Y*g.side)
	r := image.Rectangle{Min: at, Max: at.Add(image.Pt(g.side, g.side))}.Intersect(image.Rectangle{Max: g.size})
	for _, end := range []struct {
		max    *int
		length int
	}{{&r.Max.X, r.Dx()}, {&r.Max.Y, r.Dy()}} {
		if end.length > 1 {
			*end.max -= end.length % 2
		}
	}
	return r
}

// tone is what a square shows.
type tone struct {
	// channels are red, green and blue of a square of one pixel, else the means of luma and chroma as JPEG has them;
	// and alpha.
	channels [4]float32
	colored  bool    // whether the colour can be compared; alpha always can
	contrast float32 // mean difference of neighbouring pixels, in levels
}

// sampling are the tones of a picture's squares, row by row.
type sampling struct {
	grid
	tones []tone
}

// sample looks at all squares.
func (g grid) sample(look func(image.Rectangle) tone) sampling {
	s := sampling{grid: g, tones: make([]tone, 0, g.n.X*g.n.Y)}
	for j := range g.n.Y {
		for i := range g.n.X {
			s.tones = append(s.tones, look(g.square(i, j)))
		}
	}
	return s
}

// of samples a zero-origin picture of the grid's size.
func (g grid) of(m image.Image) sampling {
	if g.side == 1 {
		return g.sample(func(r image.Rectangle) tone { return pixelTone(m, r.Min) })
	}
	switch m := m.(type) {
	case *image.NRGBA:
		return g.sample(func(r image.Rectangle) tone { return meanColor(m, r) })
	case *image.Gray:
		return g.sample(func(r image.Rectangle) tone {
			return tone{channels: [4]float32{planeMean(m.Pix, m.Stride, r), 128, 128, 255}, colored: true}
		})
	case *image.YCbCr:
		return g.planes(m, 1)
	}
	return g.sample(func(r image.Rectangle) tone { return meanAny(m, r) })
}

// planes samples planes of the full range that were decoded at one part of a denominator. Squares that are cut off are
// not compared then: the decoder has whole blocks.
func (g grid) planes(m *image.YCbCr, denominator int) sampling {
	across, down := subsampled(m.SubsampleRatio)
	return g.sample(func(r image.Rectangle) tone {
		if denominator > 1 && r.Size() != image.Pt(g.side, g.side) {
			return tone{channels: [4]float32{3: 255}}
		}
		luma, chroma := parts(r, denominator, denominator), parts(r, denominator*across, denominator*down)
		return tone{colored: true, channels: [4]float32{
			planeMean(m.Y, m.YStride, luma), planeMean(m.Cb, m.CStride, chroma), planeMean(m.Cr, m.CStride, chroma),
			255,
		}}
	})
}

// parts returns a rectangle in units of so many pixels, rounded outwards.
func parts(r image.Rectangle, across, down int) image.Rectangle {
	return image.Rect(r.Min.X/across, r.Min.Y/down, (r.Max.X+across-1)/across, (r.Max.Y+down-1)/down)
}

// pixelTone returns a pixel. What cannot be seen has no colour.
func pixelTone(m image.Image, at image.Point) tone {
	var c color.NRGBA
	switch m := m.(type) {
	case *image.NRGBA:
		c = m.NRGBAAt(at.X, at.Y)
	case *image.Gray:
		y := m.GrayAt(at.X, at.Y).Y
		c = color.NRGBA{R: y, G: y, B: y, A: 255}
	default:
		c = color.NRGBAModel.Convert(m.At(at.X, at.Y)).(color.NRGBA)
	}
	return tone{channels: [4]float32{float32(c.R), float32(c.G), float32(c.B), float32(c.A)}, colored: c.A > 0}
}

// planeMean returns the mean of a part of a plane.
func planeMean(pix []byte, stride int, r image.Rectangle) float32 {
	var sum int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range pix[y*stride+r.Min.X : y*stride+r.Max.X] {
			sum += int(v)
		}
	}
	return float32(sum) / float32(r.Dx()*r.Dy())
}

// meanColor returns the mean of a part of a picture.
func meanColor(m *image.NRGBA, r image.Rectangle) tone {
	var red, green, blue, alpha int
	clear := false
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.Pix[y*m.Stride+4*r.Min.X : y*m.Stride+4*r.Max.X]
		for i := 0; i+3 < len(row); i += 4 {
			p := row[i : i+4 : i+4]
			red, green, blue, alpha = red+int(p[0]), green+int(p[1]), blue+int(p[2]), alpha+int(p[3])
			clear = clear || p[3] == 0
		}
	}
	return colorTone(red, green, blue, alpha, r.Dx()*r.Dy(), clear)
}

// meanAny is meanColor for the pictures that decoders return.
func meanAny(m image.Image, r image.Rectangle) tone {
	var red, green, blue, alpha int
	clear := false
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			red, green, blue, alpha = red+int(c.R), green+int(c.G), blue+int(c.B), alpha+int(c.A)
			clear = clear || c.A == 0
		}
	}
	return colorTone(red, green, blue, alpha, r.Dx()*r.Dy(), clear)
}

// colorTone makes luma and chroma of sums of n pixels (ITU-T T.871). Encoders fill what is wholly transparent with
// colours that suit them, so a square with such pixels has no colour to compare.
func colorTone(red, green, blue, alpha, n int, clear bool) tone {
	r, g, b, a := float32(red)/float32(n), float32(green)/float32(n), float32(blue)/float32(n),
		float32(alpha)/float32(n)
	return tone{colored: !clear, channels: [4]float32{
		0.299*r + 0.587*g + 0.114*b,
		128 - 0.168736*r - 0.331264*g + 0.5*b,
		128 + 0.5*r - 0.418688*g - 0.081312*b,
		a,
	}}
}

// withContrast measures the contrast of the squares of a picture that was sampled.
func (s sampling) withContrast(m image.Image) sampling {
	for i := range s.tones {
		r := s.square(i%s.n.X, i/s.n.X)
		t := &s.tones[i]
		switch m := m.(type) {
		case *image.NRGBA:
			t.contrast = contrastOf(m.Pix, m.Stride, 4, r)
		case *image.Gray:
			t.contrast = contrastOf(m.Pix, m.Stride, 1, r)
		case *image.YCbCr:
			across, down := subsampled(m.SubsampleRatio)
			chroma := parts(r, across, down)
			t.contrast = contrastOf(m.Y, m.YStride, 1, r) + contrastOf(m.Cb, m.CStride, 1, chroma) +
				contrastOf(m.Cr, m.CStride, 1, chroma)
		}
		if r.Size() != image.Pt(s.side, s.side) {
			t.contrast = max(t.contrast, cutContrast)
		}
	}
	return s
}

// cutContrast is taken for the contrast of a square that is cut off: its blocks hold more than can be seen.
const cutContrast = 192

// contrastOf returns the mean difference of neighbouring pixels, of the channel in which it is greatest. The last
// channel of several is alpha, which does not count.
func contrastOf(pix []byte, stride, channels int, r image.Rectangle) float32 {
	sum, n := 0, r.Dx()*(r.Dy()-1)+r.Dy()*(r.Dx()-1)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := pix[y*stride+r.Min.X*channels : y*stride+r.Max.X*channels]
		sum += apartBy(row[channels:], row, channels)
		if y > r.Min.Y {
			sum += apartBy(row, pix[(y-1)*stride+r.Min.X*channels:], channels)
		}
	}
	return float32(sum) / float32(max(n, 1))
}

// apartBy returns the sum of the differences of pixels.
func apartBy(row, other []byte, channels int) (sum int) {
	if channels == 1 {
		for i, v := range row {
			sum += abs(int(v) - int(other[i]))
		}
		return sum
	}
	for i := 0; i+3 < len(row); i += 4 {
		a, b := row[i:i+4:i+4], other[i:i+4:i+4]
		sum += max(abs(int(a[0])-int(b[0])), abs(int(a[1])-int(b[1])), abs(int(a[2])-int(b[2])))
	}
	return sum
}

// tolerance is how far tones may be from what was meant. Where neighbouring pixels differ, coding moves the mean of a
// square.
type tolerance struct {
	most, mean  float32 // levels, of each square and of all squares together
	perContrast float32 // and of each for a level of contrast
}

// manySquares is how many have to be compared before their mean says something.
const manySquares = 64

// compare reports squares that show something else than was meant.
func (meant sampling) compare(found sampling, t tolerance) error {
	if meant.grid != found.grid {
		return fmt.Errorf("%d × %d pixels were meant, %d × %d are found", meant.size.X, meant.size.Y, found.size.X,
			found.size.Y)
	}
	var sum [3]float32
	var contrast float32
	wrong, first, colored := 0, 0, 0
	for i, m := range meant.tones {
		f := found.tones[i]
		far := abs(int(m.channels[3]-f.channels[3])) > 1 // alpha is coded without a loss
		if m.colored && f.colored {
			colored, contrast = colored+1, contrast+m.contrast
			for c := range sum {
				d := max(m.channels[c]-f.channels[c], f.channels[c]-m.channels[c])
				sum[c] += d
				far = far || !(d <= t.most+t.perContrast*m.contrast)
			}
		}
		if far {
			if wrong++; wrong == 1 {
				first = i
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d squares differ; at %v %.1f was meant, %.1f is found", wrong, len(meant.tones),
			meant.square(first%meant.n.X, first/meant.n.X).Min, meant.tones[first].channels,
			found.tones[first].channels)
	}
	if colored < manySquares {
		return nil
	}
	for c := range sum {
		if !(sum[c] <= float32(colored)*t.mean+t.perContrast*contrast) {
			return fmt.Errorf("channel %d is %.2f levels from what was meant in the mean of %d squares", c,
				sum[c]/float32(colored), colored)
		}
	}
	return nil
}
