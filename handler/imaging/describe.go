package imaging

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/bep/imagemeta"

	"imagepro/handler/imaging/metadata"
)

// About is what a file says of its picture: its header, its colour profile, and of EXIF, IPTC and XMP what people
// ask for. Fields are empty if the file does not say.
type About struct {
	Info
	Profile     string // description of the colour profile, such as "Display P3"
	Title       string
	Description string
	Creator     string
	Copyright   string
	Credit      string
	Keywords    []string
	TakenAt     string // date and time as the camera's clock showed them, RFC 3339 without a zone if none is known
	Camera      string // make and model
	Lens        string
	Exposure    string // seconds, such as 1/250
	FNumber     float64
	FocalLength float64 // millimetres
	ISO         int
	Latitude    float64 // degrees; with Longitude, zero if there is no place
	Longitude   float64
}

// Day is the day on which the picture was taken, such as 2026-03-01; empty if the file does not say.
func (a About) Day() string {
	day, _, _ := strings.Cut(a.TakenAt, "T")
	return day
}

// maxTags is how many tags of EXIF and IPTC are read.
const maxTags = 1000

// Describe reads what a file says of its picture. It takes animated files and those with several pages as well,
// which are not edited. Its errors are otherwise those of Inspect; damaged metadata is no error.
func Describe(src []byte, limits Limits) (About, error) {
	info, err := Inspect(src, limits)
	about := About{Info: info}
	if err != nil && (info.StoredWidth == 0 || !info.Animated && info.Frames < 2) {
		return about, err
	}
	blocks := metadata.Read(string(info.Format), src) // of bounded length
	about.Profile = profileName(blocks.ICC)
	formats := map[Format]imagemeta.ImageFormat{
		JPEG: imagemeta.JPEG,
		PNG:  imagemeta.PNG,
		WebP: imagemeta.WebP,
		TIFF: imagemeta.TIFF,
	}
	format, ok := formats[info.Format]
	if !ok {
		return about, nil
	}
	var tags imagemeta.Tags
	_ = guarded(func() error { // what was read up to a damage counts
		_, err := imagemeta.Decode(imagemeta.Options{ // with a time limit it would go on behind our back
			R:            bytes.NewReader(src),
			ImageFormat:  format,
			Sources:      imagemeta.EXIF | imagemeta.IPTC,
			LimitNumTags: maxTags,
			// that of the preview
			ShouldHandleTag: func(t imagemeta.TagInfo) bool { return !strings.Contains(t.Namespace, "IFD1") },
			HandleTag:       func(t imagemeta.TagInfo) error { tags.Add(t); return nil },
		})
		return err
	})
	_ = guarded(func() error { about.fill(tags, metadata.XMPTexts(blocks.XMP)); return nil })
	return about, nil
}

// fill takes what XMP says before IPTC and EXIF, as the Metadata Working Group's guidelines do.
func (a *About) fill(tags imagemeta.Tags, xmp map[string][]string) {
	iptc, exif := tags.IPTC(), tags.EXIF()
	first := func(of ...any) string {
		for _, value := range of {
			if text := tagText(value); text != "" {
				return text
			}
		}
		return ""
	}
	a.Title = first(xmp["title"], iptc["ObjectName"].Value)
	a.Description = first(xmp["description"], iptc["Caption-Abstract"].Value, exif["ImageDescription"].Value)
	a.Creator = first(xmp["creator"], iptc["By-line"].Value, exif["Artist"].Value)
	a.Copyright = first(xmp["rights"], iptc["CopyrightNotice"].Value, exif["Copyright"].Value)
	a.Credit = first(xmp["Credit"], iptc["Credit"].Value)
	a.Keywords = tagTexts(xmp["subject"])
	if len(a.Keywords) == 0 {
		a.Keywords = tagTexts(iptc["Keywords"].Value)
	}
	maker, model := first(exif["Make"].Value), first(exif["Model"].Value)
	if a.Camera = strings.TrimSpace(maker + " " + model); strings.HasPrefix(model, maker) {
		a.Camera = model
	}
	a.Lens = first(exif["LensModel"].Value)
	a.FNumber, a.FocalLength, a.ISO = tagNumber(exif["FNumber"].Value), tagNumber(exif["FocalLength"].Value),
		int(tagNumber(exif["ISO"].Value))
	if seconds := tagNumber(exif["ExposureTime"].Value); seconds >= 1 {
		a.Exposure = fmt.Sprintf("%g", seconds)
	} else if seconds > 0 {
		a.Exposure = fmt.Sprintf("1/%.0f", 1/seconds)
	}
	if at, err := time.Parse("2006:01:02 15:04:05", first(exif["DateTimeOriginal"].Value)); err == nil {
		a.TakenAt = at.Format("2006-01-02T15:04:05")
		if zone := first(exif["OffsetTimeOriginal"].Value); timeZone.MatchString(zone) {
			a.TakenAt += zone
		}
	}
	if latitude, longitude,
		err := tags.GetLatLong(); err == nil && math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180 {
		a.Latitude, a.Longitude = latitude, longitude
	}
}

var timeZone = regexp.MustCompile(`^[+-]\d\d:\d\d$`)

// maxTag bounds a text, in bytes: files may hold anything.
const maxTag = 4000

// tagText returns a value as text, without what no text holds.
func tagText(value any) string {
	if value == nil {
		return ""
	}
	if list := tagTexts(value); len(list) > 0 {
		return list[0]
	}
	return ""
}

func tagTexts(value any) []string {
	var list []string
	switch v := value.(type) {
	case string:
		list = []string{v}
	case []string:
		list = v
	case nil:
	default:
		list = []string{fmt.Sprint(v)}
	}
	var clean []string
	for _, text := range list {
		text = strings.TrimSpace(strings.ToValidUTF8(strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\t' {
				return -1
			}
			return r
		}, text), ""))
		if len(text) > maxTag {
			text = strings.ToValidUTF8(text[:maxTag], "")
		}
		if text != "" && !slices.Contains(clean, text) && len(clean) < 200 {
			clean = append(clean, text)
		}
	}
	return clean
}

func tagNumber(value any) float64 {
	switch v := value.(type) {
	case interface{ Float64() float64 }:
		return finite(v.Float64())
	case nil, string:
		return 0
	}
	var n float64
	_, _ = fmt.Sscan(fmt.Sprint(value), &n)
	return finite(n)
}

// finite returns 0 for what JSON cannot say.
func finite(n float64) float64 {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return 0
	}
	return n
}

// profileName returns the description of an ICC profile (ICC.1:2022, section 9.2.41): a text of version 2, or the
// first of several languages of version 4.
func profileName(icc []byte) string {
	if len(icc) < 132 {
		return ""
	}
	u32 := func(at int) int {
		if at < 0 || at+4 > len(icc) {
			return 0
		}
		return int(icc[at])<<24 | int(icc[at+1])<<16 | int(icc[at+2])<<8 | int(icc[at+3])
	}
	for n := range min(u32(128), 100) {
		entry := 132 + 12*n
		at, size := u32(entry+4), u32(entry+8)
		if entry+12 > len(icc) || string(icc[entry:entry+4]) != "desc" || at < 0 || size < 12 || at > len(icc) ||
			size > len(icc)-at {
			continue
		}
		tag := icc[at : at+size]
		switch string(tag[:4]) {
		case "desc":
			length := min(u32(at+8), len(tag)-12)
			return tagText(strings.TrimRight(string(tag[12:12+max(length, 0)]), "\x00"))
		case "mluc":
			length, from := u32(at+20), u32(at+24)
			if len(tag) < 28 || from > len(tag) || length > len(tag)-from {
				return ""
			}
			units := make([]uint16, length/2)
			for i := range units {
				units[i] = uint16(tag[from+2*i])<<8 | uint16(tag[from+2*i+1])
			}
			return tagText(string(utf16.Decode(units)))
		}
	}
	return ""
}
