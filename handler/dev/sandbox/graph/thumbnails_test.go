package graph_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"slices"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/graph"
)

// Row 17.
func TestThumbnailsAreSmallPictures(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", picture(t, 1000, 500))
	at := w.item(it) + "/thumbnails"
	r := w.ask(http.StatusOK, "GET", at, nil)
	if r.text("value", 0, "id") != "0" || r.at("value", 0, "smallSquare") != nil {
		t.Errorf("%s", r.raw)
	}
	for name, want := range map[string][2]int{"small": {96, 48}, "medium": {176, 88}, "large": {800, 400}} {
		one := r.at("value", 0, name).(map[string]any)
		if one["width"] != float64(want[0]) || one["height"] != float64(want[1]) {
			t.Errorf("%s is %v", name, one)
		}
		w.checkThumbnail(one["url"].(string), want)
	}
	r = w.ask(http.StatusOK, "GET", at+"?$select=c300x400_crop,smallSquare,c200x200", nil)
	for name, want := range map[string][2]int{"c300x400_crop": {300, 400}, "smallSquare": {96, 96},
		"c200x200": {200, 100}} {
		w.checkThumbnail(r.text("value", 0, name, "url"), want)
	}
	w.checkThumbnail(w.ask(http.StatusOK, "GET", at+"/0/medium", nil).text("url"), [2]int{176, 88})
	w.checkThumbnail(w.ask(http.StatusFound, "GET", at+"/0/large/content", nil).header.Get("Location"),
		[2]int{800, 400})
	w.checkThumbnail(w.ask(http.StatusOK, "GET", at+"/0", nil).text("small", "url"), [2]int{96, 48})
	w.ask(http.StatusBadRequest, "GET", at+"?$select=huge", nil)
	w.ask(http.StatusBadRequest, "GET", at+"/0/huge/content", nil)
	w.ask(http.StatusNotFound, "GET", at+"/1/large", nil)
}

func (w *world) checkThumbnail(url string, want [2]int) {
	w.t.Helper()
	r := w.do(request{method: "GET", url: url})
	c, format, err := image.DecodeConfig(bytes.NewReader(r.raw))
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "image/jpeg" || err != nil || format != "jpeg" ||
		c.Width != want[0] || c.Height != want[1] {
		w.t.Errorf("%d, %s %dx%d, %v, want %v", r.status, format, c.Width, c.Height, err, want)
	}
}

func TestThereAreNoThumbnailsOfWhatIsNewOrNoPicture(t *testing.T) {
	t.Parallel()
	w := open(t)
	text := w.put("a.jpg", []byte("this is no picture"))
	if r := w.ask(http.StatusOK, "GET", w.item(text)+"/thumbnails", nil); string(bytes.TrimSpace(r.raw)) == "" ||
		len(r.ids()) != 0 || r.at("value") == nil {
		t.Errorf("%s", r.raw)
	}
	w.ask(http.StatusNotFound, "GET", w.item(text)+"/thumbnails/0/small/content", nil)
	w.SetUnkindness(graph.Unkindness{ThumbnailsMax: time.Minute})
	fresh := w.put("b.jpg", picture(t, 20, 20))
	if r := w.ask(http.StatusOK, "GET", w.item(fresh)+"/thumbnails", nil); len(r.ids()) != 0 {
		t.Errorf("%s", r.raw)
	}
	w.clock.pass(time.Minute + time.Second)
	if r := w.ask(http.StatusOK, "GET", w.item(fresh)+"/thumbnails", nil); len(r.ids()) != 1 {
		t.Errorf("%s", r.raw)
	}
}

// quadrants is a picture of 80x40 pixels with another brightness in each corner.
func quadrants(x, y int) color.Gray {
	return color.Gray{uint8(40 + 60*(x/40) + 120*(y/20))}
}

// turned encodes the quadrants as a camera does that was held in another way: EXIF tells how to turn them.
func turned(t *testing.T, orientation int) []byte {
	t.Helper()
	const w, h = 80, 40
	from := []func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return w - 1 - y, x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return y, h - 1 - x },
	}[orientation]
	m := image.NewGray(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		m = image.NewGray(image.Rect(0, 0, h, w))
	}
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			m.SetGray(x, y, quadrants(from(x, y)))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	tiff := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00" +
		"\x0f\x01\x02\x00\x04\x00\x00\x00Cam\x00" + // Make
		"\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(orientation)) + "\x00\x00\x00" +
		"\x00\x00\x00\x00"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(tiff) + 2)}, tiff...)
	return slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])
}

func TestThumbnailsAreUprightWhateverTheOrientation(t *testing.T) {
	t.Parallel()
	w := open(t)
	for orientation := 1; orientation <= 8; orientation++ {
		it := w.put(fmt.Sprintf("%d.jpg", orientation), turned(t, orientation))
		r := w.ask(http.StatusOK, "GET", w.item(it)+"?$expand=thumbnails", nil)
		if r.at("photo", "orientation") != float64(orientation) || r.text("photo", "cameraMake") != "Cam" {
			t.Errorf("photo %v, want orientation %d", r.at("photo"), orientation)
		}
		got := w.do(request{method: "GET", url: r.text("thumbnails", 0, "small", "url")})
		m, _, err := image.Decode(bytes.NewReader(got.raw))
		if err != nil {
			t.Fatal(err)
		}
		if m.Bounds() != image.Rect(0, 0, 80, 40) {
			t.Errorf("%d: size %v", orientation, m.Bounds())
		}
		for _, p := range []image.Point{{20, 10}, {60, 10}, {20, 30}, {60, 30}} {
			have, want := color.GrayModel.Convert(m.At(p.X, p.Y)).(color.Gray).Y, quadrants(p.X, p.Y).Y
			if max(have, want)-min(have, want) > 6 {
				t.Errorf("%d: %d at %v, want %d", orientation, have, p, want)
			}
		}
	}
}
