package imaging

import "testing"

func TestTheDecoderMakesAPictureSmallerAsFarAsItIsAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		w, h, orientation int
		steps, want       string
	}{
		"half": {4000, 3000, 1, `{"op":"resize","width":1600}`,
			"jpeg 4000×3000 1/2\nscale lanczos3 → 1600×1200\njpeg 1600×1200\n"},
		"an eighth": {4001, 3001, 1, `{"op":"resize","width":320}`,
			"jpeg 4001×3001 1/8\nscale lanczos3 → 320×240\njpeg 320×240\n"},
		"just so": {4000, 3000, 1, `{"op":"resize","width":1000}`, "jpeg 4000×3000 1/4\njpeg 1000×750\n"},
		"not so far": {4000, 3000, 1, `{"op":"resize","width":2001}`,
			"jpeg 4000×3000\nscale lanczos3 → 2001×1501\njpeg 2001×1501\n"},
		"turned": {4000, 3000, 6, `{"op":"resize","height":1000}`,
			"jpeg 4000×3000 1/4, rotate 90\njpeg 750×1000\n"},
		"one side": {4000, 3000, 1, `{"op":"resize","width":100,"height":2900,"fit":"fill"}`,
			"jpeg 4000×3000\nscale lanczos3 → 100×2900\njpeg 100×2900\n"},
		"cover": {4000, 3000, 1, `{"op":"resize","width":500,"height":500,"fit":"cover"}`,
			"jpeg 4000×3000 1/4\nscale lanczos3 → 667×500\ncrop at 83,0 → 500×500\njpeg 500×500\n"},
		"nearest": {4000, 3000, 1, `{"op":"resize","width":100,"kernel":"nearest"}`,
			"jpeg 4000×3000\nscale nearest → 100×75\njpeg 100×75\n"},
		"after a crop": {4000, 3000, 1, `{"op":"crop","width":2000,"height":2000},{"op":"resize","width":100}`,
			"jpeg 4000×3000\ncrop at 0,0 → 2000×2000\nscale lanczos3 → 100×100\njpeg 100×100\n"},
		"after a colour": {4000, 3000, 1, `{"op":"filter","name":"invert"},{"op":"resize","width":100}`,
			"jpeg 4000×3000\ninvert → 4000×3000\nscale lanczos3 → 100×75\njpeg 100×75\n"},
	} {
		info := jpegInfo(c.w, c.h, c.orientation)
		info.turbo = true
		p, err := planOf(t, info, `{"version":1,"steps":[`+c.steps+`]}`)
		if err != nil || p.String() != c.want {
			t.Errorf("%s: %v\n%s, want\n%s", name, err, p, c.want)
		}
		info.turbo = false
		if p, err = planOf(t, info, `{"version":1,"steps":[`+c.steps+`]}`); err != nil || p.denominator != 1 {
			t.Errorf("%s: without libjpeg-turbo 1/%d, %v", name, p.denominator, err)
		}
	}
}
