package graph

import (
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"time"

	"github.com/bep/imagemeta"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// facts are what a picture says about itself: the source of the facets image and photo.
type facts struct {
	format        string // as image.Decode names it; empty if this is no picture that can be read
	width, height int    // pixels as stored, before its orientation is applied
	orientation   int    // EXIF, 1 to 8
	photo         map[string]any
}

// readFacts reads the header of a content. What is no picture gives the zero value.
func readFacts(r io.ReadSeeker, size int64) facts {
	if size == 0 || rewind(r) != nil {
		return facts{}
	}
	config, format, err := image.DecodeConfig(r)
	if err != nil {
		return facts{}
	}
	f := facts{format: format, width: config.Width, height: config.Height, orientation: 1}
	formats := map[string]imagemeta.ImageFormat{
		"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP, "tiff": imagemeta.TIFF,
	}
	known, ok := formats[format]
	if !ok || rewind(r) != nil {
		return f
	}
	f.readExif(r, known)
	return f
}

func rewind(r io.Seeker) error {
	_, err := r.Seek(0, io.SeekStart)
	return err
}

// readExif fills in the camera's data. A picture whose EXIF cannot be read has none.
func (f *facts) readExif(r io.ReadSeeker, format imagemeta.ImageFormat) {
	tags := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R:               r,
		ImageFormat:     format,
		Sources:         imagemeta.EXIF,
		Timeout:         2 * time.Second,
		ShouldHandleTag: func(imagemeta.TagInfo) bool { return true },
		HandleTag: func(t imagemeta.TagInfo) error {
			if _, ok := tags[t.Tag]; !ok && t.Namespace != "IFD1" {
				tags[t.Tag] = t.Value
			}
			return nil
		},
	})
	if err != nil {
		return
	}
	if n := int(number(tags["Orientation"])); n >= 1 && n <= 8 {
		f.orientation = n
	}
	f.photo = photoFacet(tags)
	if _, ok := tags["Orientation"]; ok {
		f.photo["orientation"] = f.orientation
	}
}

// photoFacet gives the members of Graph's photo facet that the EXIF tags name
// (https://learn.microsoft.com/graph/api/resources/photo).
func photoFacet(tags map[string]any) map[string]any {
	photo := map[string]any{}
	for tag, member := range map[string]string{"Make": "cameraMake", "Model": "cameraModel"} {
		if s, ok := tags[tag].(string); ok && s != "" {
			photo[member] = s
		}
	}
	for tag, member := range map[string]string{
		"FNumber":         "fNumber",
		"FocalLength":     "focalLength",
		"ISO":             "iso",
		"ISOSpeedRatings": "iso",
	} {
		if n := number(tags[tag]); n > 0 {
			photo[member] = n
		}
	}
	if n := number(tags["ExposureTime"]); n > 0 {
		photo["exposureNumerator"], photo["exposureDenominator"] = 1, 1/n
	}
	if s, ok := tags["DateTimeOriginal"].(string); ok {
		if t, err := time.Parse("2006:01:02 15:04:05", s); err == nil {
			photo["takenDateTime"] = stamp(t)
		}
	}
	return photo
}

// number gives a tag's value as a number, 0 if it is none.
func number(v any) float64 {
	var n float64
	switch v := v.(type) {
	case interface{ Float64() float64 }:
		return v.Float64()
	case uint16, uint32, uint8, int, int32, float32, float64:
		_, _ = fmt.Sscan(fmt.Sprint(v), &n)
	}
	return n
}

// upright returns the size of the picture after its orientation has been applied.
func (f facts) upright() (width, height int) {
	if f.orientation >= 5 {
		return f.height, f.width
	}
	return f.width, f.height
}
