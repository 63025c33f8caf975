// Package icc converts 8-bit pixels from the colour space of an ICC profile to sRGB. It takes profiles of RGB by matrix
// and curves and of gray by a curve, of versions 2 and 4 (ICC.1:2022, section 8): those of cameras, phones and screens.
// Profiles that work by tables alone, such as those of printers, are refused.
//
// It trusts no offset, length or count that a profile names.
package icc

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrUnsupported says that a profile is damaged or does not work by a matrix and curves.
var ErrUnsupported = errors.New("icc: the profile cannot be converted")

// Profile says what the levels of a colour space are in light.
type Profile struct {
	gray   bool
	curves [3][256]float64 // the light of each level of red, green and blue, from 0 to 1; all the same for gray
	matrix [3][3]float64   // from red, green and blue to X, Y and Z of the D50 connection space
}

// maxTags is how many tags of a profile are looked at; those in use have about twenty.
const maxTags = 100

// Parse reads a profile.
func Parse(data []byte) (*Profile, error) {
	if len(data) < 132 || string(data[36:40]) != "acsp" || string(data[20:24]) != "XYZ " {
		return nil, ErrUnsupported
	}
	tags := tagsOf(data)
	p := new(Profile)
	switch string(data[16:20]) {
	case "GRAY":
		p.gray = true
		return p, p.readCurves(tags, "kTRC", "kTRC", "kTRC")
	case "RGB ":
		for in, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
			xyz, ok := numbers(tags[name], "XYZ ", 3)
			if !ok {
				return nil, ErrUnsupported
			}
			for out, v := range xyz {
				p.matrix[out][in] = v
			}
		}
		return p, p.readCurves(tags, "rTRC", "gTRC", "bTRC")
	}
	return nil, ErrUnsupported
}

// tagsOf returns the tags by their signatures; the first of several counts.
func tagsOf(data []byte) map[string][]byte {
	tags := map[string][]byte{}
	for n := range min(binary.BigEndian.Uint32(data[128:]), maxTags) {
		at := 132 + 12*int(n)
		if at+12 > len(data) {
			break
		}
		name := string(data[at : at+4])
		start, size := int64(binary.BigEndian.Uint32(data[at+4:])), int64(binary.BigEndian.Uint32(data[at+8:]))
		if _, known := tags[name]; !known && start+size <= int64(len(data)) {
			tags[name] = data[start : start+size]
		}
	}
	return tags
}

// numbers returns numbers of the kind s15Fixed16 after the eight bytes that start a tag of a type.
func numbers(tag []byte, kind string, n int) ([]float64, bool) {
	if len(tag) < 8+4*n || string(tag[:4]) != kind {
		return nil, false
	}
	return fixed(tag[8:], n), true
}

func fixed(data []byte, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(int32(binary.BigEndian.Uint32(data[4*i:]))) / 65536
	}
	return out
}

func (p *Profile) readCurves(tags map[string][]byte, names ...string) error {
	for i, name := range names {
		curve, ok := curveOf(tags[name])
		if !ok {
			return ErrUnsupported
		}
		for level := range p.curves[i] {
			p.curves[i][level] = share(curve(float64(level) / 255))
		}
	}
	return nil
}

// share returns a number cut to the range from 0 to 1; what is no number becomes 0.
func share(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}

// curveOf returns the curve of a tag, by a table or by a formula (sections 10.6 and 10.18).
func curveOf(tag []byte) (func(float64) float64, bool) {
	if len(tag) < 12 {
		return nil, false
	}
	switch string(tag[:4]) {
	case "curv":
		return tableCurve(tag)
	case "para":
		return formulaCurve(tag)
	}
	return nil, false
}

func tableCurve(tag []byte) (func(float64) float64, bool) {
	n := int64(binary.BigEndian.Uint32(tag[8:]))
	if 12+2*n > int64(len(tag)) {
		return nil, false
	}
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(tag[12+2*i:])) }
	switch n {
	case 0:
		return func(x float64) float64 { return x }, true
	case 1:
		gamma := at(0) / 256
		return func(x float64) float64 { return math.Pow(x, gamma) }, true
	}
	last := int(n) - 1
	return func(x float64) float64 {
		place := x * float64(last)
		i := min(int(place), last-1)
		return (at(i) + (at(i+1)-at(i))*(place-float64(i))) / 65535
	}, true
}

func formulaCurve(tag []byte) (func(float64) float64, bool) {
	counts := []int{1, 3, 4, 5, 7} // of parameters, by the formula's number
	kind := int(binary.BigEndian.Uint16(tag[8:]))
	if kind >= len(counts) || len(tag) < 12+4*counts[kind] {
		return nil, false
	}
	v := append(fixed(tag[12:], counts[kind]), make([]float64, 7)...)
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a = 1
	case 1, 2: // what is below the point where the power starts is c
		e, f, c, d = c, c, 0, -b/a
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(a*x+b, g) + e
		}
		return c*x + f
	}, true
}
