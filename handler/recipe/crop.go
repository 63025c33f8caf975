package recipe

import (
	"strconv"
	"strings"
)

// Ratio is a width to a height in lowest terms; the zero Ratio is none.
type Ratio struct {
	Width, Height int
}

// Crop cuts a rectangle out of a picture: either X, Y, Width and Height, or a size at a gravity or focal point, or the
// largest part of an aspect ratio there. A rectangle that reaches over the edge is cut to the
// picture; one that misses it is imaging's fault to report.
type Crop struct {
	X, Y          Length // of the upper left corner; percent of the picture's width and height
	Width, Height Length
	// Placed says that the rectangle stands at X, Y; otherwise Gravity places it.
	Placed  bool
	Ratio   Ratio
	Gravity Gravity
	Focal   *Focal // instead of Gravity
}

// Op returns "crop".
func (Crop) Op() string { return "crop" }

func parseCrop(o *object) Step {
	relative := o.relative()
	at := span{most: far, mostPercent: 100, relative: relative}
	side := span{least: 1, most: far, leastPercent: 0.01, mostPercent: 100, relative: relative}
	s := Crop{Ratio: o.ratio("aspectRatio")}
	if s.Ratio != (Ratio{}) {
		s.Gravity, s.Focal = o.cutGravity()
		o.refuse("aspectRatio", "x", "y", "width", "height")
		return s
	}
	s.Width, s.Height = o.sides(side, "A crop needs a width and a height, or an aspectRatio.")
	for _, place := range []string{"gravity", "focal"} {
		if o.has(place) {
			s.Gravity, s.Focal = o.cutGravity()
			o.refuse(place, "x", "y")
			return s
		}
	}
	s.Placed = true
	s.X, s.Y = o.place("x", at), o.place("y", at)
	return s
}

// refuse reports fields that do not go together with another one.
func (o *object) refuse(with string, names ...string) {
	for _, name := range names {
		if o.has(name) {
			o.report(name, "This field does not go together with %s.", with)
		}
	}
}

// ratio reads a text like "16:9"; both numbers are whole, from 1 to 10000.
func (o *object) ratio(name string) Ratio {
	value, ok := o.take(name)
	if !ok {
		return Ratio{}
	}
	text, _ := value.(string)
	left, right, _ := strings.Cut(text, ":")
	w, h := toSide(left), toSide(right)
	if w == 0 || h == 0 {
		o.report(name, `A ratio like "16:9" is expected here, of whole numbers from 1 to 10000.`)
		return Ratio{}
	}
	d := commonDivisor(w, h)
	r := Ratio{Width: w / d, Height: h / d}
	o.canonical[name] = strconv.Itoa(r.Width) + ":" + strconv.Itoa(r.Height)
	return r
}

// toSide returns the number, or 0 if the text is none from 1 to 10000.
func toSide(text string) int {
	if strings.Trim(text, "0123456789") != "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 10000 {
		return 0
	}
	return n
}

func commonDivisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
