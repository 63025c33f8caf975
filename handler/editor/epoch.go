package editor

import (
	"math"

	"imagepro/handler/fault"
)

// largest is the longest side that a canvas has.
const largest = 100_000

// epoch adds what is done up to a crop: the editor filters the picture's pixels, resizes, flips and turns it, draws the
// objects on it and cuts.
func (c *converter) epoch(at string, epoch, root fields) error {
	name := "background"
	background := toFields(epoch[name])
	if background == nil {
		if text := epoch.text("background", ""); text != "" { // canvas.toJSON has a colour there
			c.note(named(at, name), "The colour behind the picture is left out: transparency stays.")
		}
		if background = toFields(epoch["backgroundImage"]); background != nil || at == "" {
			name = "backgroundImage"
		}
	}
	at, below := at+"/", named(at, name)
	c.width, c.height = background.number("width", 0), background.number("height", 0)
	if !(c.width >= 1 && c.height >= 1 && c.width <= largest && c.height <= largest) {
		return fault.Newf(fault.Invalid, "A picture with a width and a height from 1 to %d is expected here.",
			largest).At(below)
	}
	if c.scale == 0 {
		if err := c.setScale(root, below); err != nil {
			return err
		}
	}
	c.filters(named(below, "filters"), background.list("filters"))
	c.picture(below, background)
	if err := c.draw(at+"objects", epoch.list("objects"), whole); err != nil {
		return err
	}
	for _, other := range []string{"overlay", "overlayImage", "clipPath"} {
		if epoch.has(other) {
			c.note(at+other, "This is left out.")
		}
	}
	if crop := toFields(epoch["crop"]); crop != nil {
		c.crop(at+"crop", crop)
	}
	return nil
}

// setScale compares the picture's own pixels with those that the editor had at first.
func (c *converter) setScale(root fields, below string) error {
	own := root.number("width", c.width)
	c.scale = own / c.width
	if ratio := own * c.height / (root.number("height", own*c.height/c.width) * c.width); !(c.scale > 0) ||
		own > largest || math.Abs(ratio-1) > 0.02 {
		return fault.New(fault.Invalid,
			"The editor's picture has another shape than the width and height of the state say.", nil).At(below)
	}
	return nil
}

// picture adds how the editor shows the picture itself. What follows is drawn on the box around it.
func (c *converter) picture(at string, f fields) {
	sx, sy := f.number("scaleX", 1), f.number("scaleY", 1)
	flipX, flipY := f.flag("flipX", false) != (sx < 0), f.flag("flipY", false) != (sy < 0)
	sx, sy = math.Abs(sx), math.Abs(sy)
	if math.Abs(sx-1) > 1e-6 || math.Abs(sy-1) > 1e-6 {
		c.step(at, map[string]any{"op": "resize", "width": percent(sx, 1), "height": percent(sy, 1), "fit": "fill"})
		c.width, c.height = c.width*sx, c.height*sy
	}
	axis := ""
	switch {
	case flipX && flipY:
		axis = "both"
	case flipX:
		axis = "horizontal"
	case flipY:
		axis = "vertical"
	}
	if axis != "" {
		c.step(at, map[string]any{"op": "flip", "axis": axis})
	}
	if angle := math.Mod(f.number("angle", 0), 360); angle != 0 {
		c.step(at, map[string]any{"op": "rotate", "angle": angle, "interpolation": "linear"})
		sin, cos := math.Sincos(angle * math.Pi / 180)
		sin, cos = math.Abs(sin), math.Abs(cos)
		c.width, c.height = c.width*cos+c.height*sin, c.width*sin+c.height*cos
	}
	c.effects(at, f)
	if f.number("opacity", 1) < 1 || f.number("cropX", 0) != 0 || f.number("cropY", 0) != 0 {
		c.note(at, "The opacity of the picture and a part of it that is shown alone (cropX, cropY) are left out.")
	}
}

// crop adds a crop to whole pixels of the canvas.
func (c *converter) crop(at string, f fields) {
	left, top := math.Round(f.number("left", 0)), math.Round(f.number("top", 0))
	right, bottom := left+math.Round(f.number("width", 0)), top+math.Round(f.number("height", 0))
	left, top = max(left, 0), max(top, 0)
	right, bottom = min(right, c.width), min(bottom, c.height)
	if right-left < 1 || bottom-top < 1 {
		c.note(at, "This crop keeps nothing of the picture; it is left out.")
		return
	}
	c.step(at, map[string]any{
		"op": "crop", "x": percent(left, c.width), "y": percent(top, c.height),
		"width": percent(right-left, c.width), "height": percent(bottom-top, c.height),
	})
}
