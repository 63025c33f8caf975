package recipe

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"strings"
)

// color reads "#rgb", "#rgba", "#rrggbb", "#rrggbbaa" or "transparent". The canonical form is always
// #rrggbbaa; transparent is #00000000.
func (o *object) color(name, def string) color.NRGBA {
	text := o.text(name, def, 32)
	c, ok := toColor(text)
	if !ok {
		o.report(name, `A colour like "#ffcc00", "#fc0", with alpha "#ffcc0080", or "transparent" is expected here.`)
	}
	o.canonical[name] = fmt.Sprintf("#%02x%02x%02x%02x", c.R, c.G, c.B, c.A)
	return c
}

func toColor(text string) (color.NRGBA, bool) {
	if text == "transparent" {
		return color.NRGBA{}, true
	}
	digits, ok := strings.CutPrefix(text, "#")
	if !ok {
		return color.NRGBA{}, false
	}
	if len(digits) == 3 || len(digits) == 4 {
		var long strings.Builder
		for _, d := range []byte(digits) {
			long.Write([]byte{d, d})
		}
		digits = long.String()
	}
	if len(digits) == 6 {
		digits += "ff"
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 4 {
		return color.NRGBA{}, false
	}
	if b[3] == 0 {
		return color.NRGBA{}, true // nothing of it is seen, whatever its colour
	}
	return color.NRGBA{R: b[0], G: b[1], B: b[2], A: b[3]}, true
}
