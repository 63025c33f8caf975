package recipe

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"imagepro/handler/fault"
)

// MaxImages is how many different pictures the steps of a recipe may need besides the one that is edited.
const MaxImages = 10

// Image is a picture that a step needs besides the one that is edited: a file that the recipe holds itself, or one of a
// library. Images can be compared.
type Image struct {
	Data        string // the bytes of a PNG, JPEG, GIF or WebP file; empty for a file of a library
	Drive, Item string // ids of the library and of the file
}

// InLibrary reports whether the picture has to be read from a library.
func (i Image) InLibrary() bool { return i.Data == "" }

// NeededImage is a picture with the JSON pointer of the field that names it first.
type NeededImage struct {
	Image
	At string
}

// Images lists the pictures that the steps need, each once, in the order of the steps.
func (r *Recipe) Images() []NeededImage {
	var all []NeededImage
	for i, step := range r.Steps {
		image, ok := imageOf(step)
		if ok && !slices.ContainsFunc(all, func(n NeededImage) bool { return n.Image == image }) {
			all = append(all, NeededImage{image, "/steps/" + strconv.Itoa(i) + "/image"})
		}
	}
	return all
}

// Unusable returns the fault in err as one that says that it is about a picture of the recipe. What only the user can
// mend is about more than that.
func Unusable(err error) *fault.Fault {
	f := *fault.From(err)
	if !f.Kind.NeedsUser() {
		f.Message = "A picture that the recipe needs cannot be used. " + f.Message
	}
	return &f
}

func imageOf(step Step) (image Image, ok bool) {
	switch s := step.(type) {
	case When:
		return imageOf(s.Step)
	case Mask:
		return s.Image, true
	case Watermark:
		return s.Image, true
	}
	return Image{}, false
}

// image reads a picture: {"data": "data:image/png;base64,..."} or {"drive": "...", "item": "..."}.
func (o *object) image() Image {
	if !o.has("image") {
		o.report(
			"image", `A picture is expected here: {"data": "data:image/png;base64,..."} or {"drive": "...", `+
				`"item": "..."}.`)
		return Image{}
	}
	c := o.object("image")
	defer c.close()
	if c.has("data") {
		c.refuse("data", "drive", "item")
		return Image{Data: c.file("data")}
	}
	return Image{Drive: c.id("drive"), Item: c.id("item")}
}

// signatures are how the files begin that a recipe may hold.
func signatures() map[string]string {
	return map[string]string{"png": "\x89PNG\r\n\x1a\n", "jpeg": "\xFF\xD8\xFF", "gif": "GIF8", "webp": "RIFF"}
}

// file reads a data address (RFC 2397) of a picture.
func (o *object) file(name string) string {
	text := o.text(name, "", MaxBytes)
	media, encoded, _ := strings.Cut(text, ";base64,")
	format, ok := strings.CutPrefix(media, "data:image/")
	file, err := base64.StdEncoding.Strict().DecodeString(encoded)
	begins, known := signatures()[format]
	if !ok || !known || err != nil || strings.ContainsAny(encoded, "\r\n") || !strings.HasPrefix(string(file), begins) {
		o.report(
			name, "A picture is expected here as data:image/png;base64,... (or jpeg, gif, webp), whose bytes are "+
				"what it says.")
		return ""
	}
	return string(file)
}

var graphID = regexp.MustCompile(`^[A-Za-z0-9,.!_-]{1,256}$`)

// id reads an id of SharePoint's.
func (o *object) id(name string) string {
	text := o.text(name, "", MaxBytes)
	if !graphID.MatchString(text) || text == "." || text == ".." {
		o.report(name, "An id of SharePoint's is expected here: 1 to 256 letters, digits and , . ! - _")
	}
	return text
}
