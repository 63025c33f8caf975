package graph

import (
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/image/draw"
)

// maxThumbnailPixels bounds the pictures that get thumbnails: larger ones have none.
const maxThumbnailPixels = 100 << 20

// box is a thumbnail's frame in pixels. A thumbnail fits into it, or fills it if it is cropped.
type box struct {
	width, height int
	crop          bool
}

// boxes are the sizes with names (https://learn.microsoft.com/graph/api/driveitem-list-thumbnails).
var boxes = map[string]box{
	"small": {96, 96, false}, "medium": {176, 176, false}, "large": {800, 800, false},
	"smallSquare": {96, 96, true}, "mediumSquare": {176, 176, true}, "largeSquare": {800, 800, true},
}

var customBox = regexp.MustCompile(`^c(\d{1,4})x(\d{1,4})(_[Cc]rop)?$`)

// parseBox reads the name of a size, such as medium or c300x400_crop.
func parseBox(name string) (box, bool) {
	if b, known := boxes[name]; known {
		return b, true
	}
	m := customBox.FindStringSubmatch(name)
	if m == nil {
		return box{}, false
	}
	width, _ := strconv.Atoi(m[1])
	height, _ := strconv.Atoi(m[2])
	return box{width, height, m[3] != ""}, width > 0 && height > 0
}

// fit gives the size of the thumbnail of a picture. Pictures are never enlarged unless they are cropped.
func (b box) fit(width, height int) (int, int) {
	if b.crop {
		return b.width, b.height
	}
	scale := min(float64(b.width)/float64(width), float64(b.height)/float64(height), 1)
	return max(1, int(float64(width)*scale+0.5)), max(1, int(float64(height)*scale+0.5))
}

// thumbnailSet renders the thumbnails of an item: the named sizes, or small, medium and large. It is nil
// if there are none (yet). mu is held.
func (c *call) thumbnailSet(it *item, sizes []string) map[string]any {
	v := it.view(c.who.User)
	if v == nil || v.blob.facts.format == "" || !strings.HasPrefix(mimeType(it.name), "image/") ||
		it.thumbsAt.After(c.now()) {
		return nil
	}
	width, height := v.blob.facts.upright()
	if width*height > maxThumbnailPixels {
		return nil
	}
	if len(sizes) == 0 {
		sizes = []string{"small", "medium", "large"}
	}
	set := map[string]any{"id": "0"}
	for _, name := range sizes {
		if b, known := parseBox(name); known {
			w, h := b.fit(width, height)
			set[name] = map[string]any{"width": w, "height": h, "url": c.thumbnailURL(it, v, b)}
		}
	}
	return set
}

func (c *call) thumbnailURL(it *item, v *version, b box) string {
	t := ticket{
		Kind:    "thumbnail",
		Drive:   it.drive.id,
		Item:    it.id,
		Version: v.id(),
		Tenant:  it.drive.site.tenant,
		User:    c.who.User,
		Size:    fmt.Sprintf("%d %d %t", b.width, b.height, b.crop),
		Expires: c.now().Add(c.urlLife()),
	}
	query := fmt.Sprintf("provider=spo&inputFormat=jpg&docid=%s&width=%d&height=%d", it.guid, b.width, b.height)
	return c.sign(c.sharePoint(t.Tenant), "/transform/thumbnail", query, t)
}

// listThumbnails answers GET thumbnails (row 17); the list is empty while there are none.
func (c *call) listThumbnails(t target) (answer, *failure) {
	for _, name := range c.q.selects {
		if _, known := parseBox(name); !known && name != "id" && name != "source" {
			return answer{}, errInvalid("Invalid thumbnail size '%s'", name)
		}
	}
	sets := []any{}
	if set := c.thumbnailSet(t.item, c.q.selects); set != nil {
		sets = append(sets, set)
	}
	return ok(map[string]any{"@odata.context": c.context("Collection(thumbnailSet)"), "value": sets})
}

func (c *call) getThumbnailSet(t target) (answer, *failure) {
	set := c.thumbnailSet(t.item, c.q.selects)
	if set == nil || c.args[0] != "0" {
		return answer{}, errNoItem()
	}
	return ok(set)
}

// oneThumbnail finds the size that the route names.
func (c *call) oneThumbnail(t target) (map[string]any, *failure) {
	if _, known := parseBox(c.args[1]); !known {
		return nil, errInvalid("Invalid thumbnail size '%s'", c.args[1])
	}
	set := c.thumbnailSet(t.item, c.args[1:2])
	if set == nil || c.args[0] != "0" {
		return nil, errNoItem()
	}
	return set[c.args[1]].(map[string]any), nil
}

func (c *call) getThumbnail(t target) (answer, *failure) {
	one, f := c.oneThumbnail(t)
	if f != nil {
		return answer{}, f
	}
	return ok(one)
}

func (c *call) getThumbnailContent(t target) (answer, *failure) {
	one, f := c.oneThumbnail(t)
	if f != nil {
		return answer{}, f
	}
	a := answer{status: http.StatusFound}
	return a.with("Location", one["url"].(string)), nil
}

// thumbnail answers the URL of a thumbnail: a JPEG that is made when it is first asked for.
func (c *call) thumbnail(w http.ResponseWriter) *failure {
	if c.r.Method != http.MethodGet {
		return errMethod()
	}
	t, f := c.enter(w, "thumbnail")
	if f != nil {
		return f
	}
	c.lock()
	_, v, f := c.ticketItem(t)
	c.mu.Unlock()
	if f != nil {
		return f
	}
	var b box
	if _, err := fmt.Sscan(t.Size, &b.width, &b.height, &b.crop); err != nil {
		return errInvalid("size")
	}
	name, err := c.blobs.thumbnail(v.blob, b)
	if err != nil {
		return fail(http.StatusNotAcceptable, "notSupported", "%s", err.Error())
	}
	w.Header().Set("Content-Type", "image/jpeg")
	http.ServeFile(w, c.r, name)
	return nil
}

// thumbnail makes the thumbnail of a picture, unless it is there, and returns where it is.
func (b *blobs) thumbnail(content blob, frame box) (string, error) {
	name := filepath.Join(b.dir, "thumb",
		fmt.Sprintf("%s-%dx%d-%t.jpg", content.sha256, frame.width, frame.height, frame.crop))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	b.drawing.Lock()
	defer b.drawing.Unlock()
	file, err := b.open(content)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	source, _, err := image.Decode(file)
	if err != nil {
		return "", err
	}
	small := shrink(source, content.facts.orientation, frame)
	temp, err := os.CreateTemp(filepath.Join(b.dir, "part"), "*")
	if err != nil {
		return "", err
	}
	err = jpeg.Encode(temp, small, &jpeg.Options{Quality: 80})
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	return name, os.Rename(temp.Name(), name)
}

// shrink scales a picture and turns it upright.
func shrink(source image.Image, orientation int, frame box) *image.RGBA {
	from := source.Bounds()
	turned := orientation >= 5
	width, height := from.Dx(), from.Dy()
	if turned {
		frame.width, frame.height = frame.height, frame.width
	}
	if frame.crop {
		from = middle(from, frame)
	}
	width, height = frame.fit(width, height)
	scaled := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(scaled, scaled.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), source, from, draw.Over, nil)
	return upright(scaled, orientation)
}

// middle gives the largest part of a picture, in its middle, that has the shape of the frame.
func middle(r image.Rectangle, frame box) image.Rectangle {
	width, height := r.Dx(), r.Dy()
	if width*frame.height > height*frame.width {
		width = max(1, height*frame.width/frame.height)
	} else {
		height = max(1, width*frame.height/frame.width)
	}
	x, y := r.Min.X+(r.Dx()-width)/2, r.Min.Y+(r.Dy()-height)/2
	return image.Rect(x, y, x+width, y+height)
}

// upright applies an EXIF orientation.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	width, height := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, height, width))
	}
	for y := range height {
		for x := range width {
			toX, toY := x, y
			if orientation == 2 || orientation == 3 {
				toX = width - 1 - x
			}
			if orientation == 3 || orientation == 4 {
				toY = height - 1 - y
			}
			switch orientation {
			case 5:
				toX, toY = y, x
			case 6:
				toX, toY = height-1-y, x
			case 7:
				toX, toY = height-1-y, width-1-x
			case 8:
				toX, toY = y, width-1-x
			}
			out.SetRGBA(toX, toY, m.RGBAAt(x, y))
		}
	}
	return out
}
