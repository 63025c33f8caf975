package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"imagepro/handler/imaging/container"
)

// placed is EXIF that tells a place, and nothing else but an artist.
func placed() []byte {
	gps := []node{{tag: 2, kind: 5, count: 3, value: bytes.Repeat([]byte("there!!!"), 3)}}
	return buildTIFF([]node{textNode(tagArtist, "Ann Artist"), {tag: tagGPS, kind: kindLong, count: 1, sub: gps}})
}

// noted is EXIF with an artist and a maker's notes.
func noted(notes string) []byte {
	exif := []node{{tag: tagMakerNote, kind: kindUndefined, count: uint32(len(notes)), value: []byte(notes)}}
	return buildTIFF([]node{textNode(tagArtist, "Ann Artist"), {tag: tagExif, kind: kindLong, count: 1, sub: exif}})
}

// wide is a text in UTF-16.
func wide(text []byte) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\uFEFF" + string(text))) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

// moreXMP is the head of a segment of XMP that is too long for one: its digest, length and offset.
var moreXMP = xmpMorePrefix + strings.Repeat("0", 32) + "\x00\x00\x00\x80\x00\x00\x00\x00"

// packetWith is an XMP packet with attributes and elements of a description.
func packetWith(attributes, elements string) []byte {
	return []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + rdfSpace +
		`"><rdf:Description rdf:about="" ` +
		attributes + `><dc:title xmlns:dc="` + dublinCore + `">stays</dc:title>` + elements +
		`</rdf:Description></rdf:RDF></x:xmpmeta>`)
}

// withSegment puts a segment into a JPEG file.
func withSegment(file []byte, marker byte, data []byte) []byte {
	return append(appendSegment([]byte{0xFF, container.SOI}, marker, "", data), file[2:]...)
}

// withPNG puts a chunk into a PNG file, behind its header.
func withPNG(file []byte, name string, data []byte) []byte {
	const at = 8 + 12 + 13
	return append(container.AppendPNG(bytes.Clone(file[:at]), name, data), file[at:]...)
}

// withNode puts a field into the first directory of a TIFF file.
func withNode(file []byte, n node) []byte {
	t, main, _, _, err := openFirst(bytes.Clone(file))
	if err != nil {
		panic(err)
	}
	t.setFirst(t.appendDirectory(t.raw(main), []node{n}, 0))
	return t.data
}

func withTag(file []byte, tag uint16, text string) []byte { return withNode(file, textNode(tag, text)) }

// packed is a text as PNG packs it.
func packed(text []byte) []byte {
	var to bytes.Buffer
	w := zlib.NewWriter(&to)
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	return to.Bytes()
}

// tinyGIF is the structure of a GIF file of one frame, with extensions before it.
func tinyGIF(extensions ...string) []byte {
	out := []byte("GIF87a\x01\x00\x01\x00\x00\x00\x00")
	for _, extension := range extensions {
		out = append(append(out, byte(container.Extension)), extension...)
	}
	return append(out, "\x2C\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3B"...)
}

// tinyWebP is the structure of a WebP file, with chunks around its picture.
func tinyWebP(before, after []byte) []byte {
	lossy := container.AppendWebP(nil, "VP8 ", []byte("\x30\x01\x00\x9d\x01\x2a\x40\x01\xc8\x00pixels"))
	return container.RIFF(container.AppendWebP(nil, "VP8X", container.VP8X(0, 320, 200)), before, lossy, after)
}

// xmpExtension is XMP as GIF has it.
func xmpExtension(packet []byte) string { return xmpGIF + string(packet) + string(magicGIF()) }

// In every form, in every format: there before, gone afterwards, while the rest stays.
func TestEveryFormOfThePlaceIsFoundAndGoes(t *testing.T) {
	t.Parallel()
	coordinates := packetWith(
		`xmlns:n="http://ns.adobe.com/exif/1.0/" n:GPSLatitude="there!!!" n:GPSLongitude="there!!!"`, "")
	iim := newResource(resourceIPTC, []byte("\x1C\x02\x5A\x00\x08there!!!\x1C\x02\x19\x00\x05stays"))
	profile := func(kind string, data []byte) []byte {
		return fmt.Appendf(nil, "Raw profile type %s\x00\n%s\n%8d\n%s\n", kind, kind, len(data),
			hex.EncodeToString(data))
	}
	png := func(name, data string) []byte { return withPNG(tinyPNG(), name, []byte(data)) }
	jpeg := func(b Blocks) []byte { out, _ := WriteJPEG(tinyJPEG(), b); return out }
	tiff := func(b Blocks) []byte {
		out, _, err := WriteTIFF(page(binary.BigEndian), b)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		format string
		file   []byte
	}{
		"EXIF":                    {"jpeg", jpeg(Blocks{Exif: placed()})},
		"EXIF in PNG":             {"png", png("eXIf", string(placed()))},
		"EXIF in WebP":            {"webp", tinyWebP(nil, container.AppendWebP(nil, "EXIF", placed()))},
		"EXIF in TIFF":            {"tiff", tiff(Blocks{Exif: placed()})},
		"XMP with another prefix": {"jpeg", jpeg(Blocks{XMP: coordinates})},
		"XMP in WebP":             {"webp", tinyWebP(nil, container.AppendWebP(nil, "XMP ", coordinates))},
		"XMP in TIFF":             {"tiff", tiff(Blocks{XMP: coordinates})},
		"XMP in GIF":              {"gif", tinyGIF(xmpExtension(coordinates))},
		"XMP in PNG":              {"png", png("iTXt", xmpKeyword+"\x00\x00\x00\x00\x00"+string(coordinates))},
		"XMP in a raw profile":    {"png", png("tEXt", string(profile("xmp", coordinates)))},
		"EXIF in a raw profile": {"png",
			png("tEXt", string(profile("APP1", append([]byte(exifPrefix), placed()...))))},
		"IPTC in a raw profile": {"png", png("tEXt", string(profile("iptc", iim)))},
		"a packed raw profile": {"png",
			png("zTXt", "Raw profile type exif\x00\x00"+
				string(packed(profile("exif", placed())[len("Raw profile type exif")+1:])))},
		"a text of ImageMagick":     {"png", png("tEXt", "exif:GPSLatitude\x00there!!!")},
		"a text without its prefix": {"png", png("iTXt", "GPSLongitude\x00\x00\x00\x00\x00there!!!")},
		"a packed text": {"png",
			png("zTXt", "Notes\x00\x00"+string(packed([]byte("GPSLatitude: there!!!"))))},
		"XMP that is damaged": {"jpeg", jpeg(Blocks{XMP: coordinates[:len(coordinates)-9]})},
		"IPTC's city":         {"jpeg", jpeg(Blocks{IPTC: iim})},
		"IPTC's city in TIFF": {"tiff", tiff(Blocks{IPTC: iim})},
		"a comment": {"jpeg",
			jpeg(Blocks{Own: []Part{{Marker: container.COM, Data: []byte("GPSLatitude=there!!!")}}})},
		"a comment in GIF": {"gif", tinyGIF(commentGIF + "\x14GPSLatitude=there!!!\x00")},
		"a second EXIF": {"jpeg",
			withSegment(jpeg(Blocks{Exif: placed()}), container.APP1,
				append([]byte(exifPrefix), camera(binary.LittleEndian, nil)...))},
		"a preview in a segment": {"jpeg", withSegment(tinyJPEG(), container.APP0+4, jpeg(Blocks{Exif: placed()}))},
		"a preview behind":       {"jpeg", append(tinyJPEG(), jpeg(Blocks{Exif: placed()})...)},
		"a film behind": {"jpeg",
			append(tinyJPEG(), "\x00\x00\x00\x20ftypmp42moovudta\xA9xyzthere!!!"...)},
		"a film's own box behind": {"jpeg",
			append(tinyJPEG(), "\x00\x00\x00\x20ftypmp42moovudta\x00\x00\x00\x1Aloci\x00\x00\x00\x00there!!!"...)},
		"telemetry of GoPro": {"jpeg",
			withSegment(tinyJPEG(), container.APP0+6,
				[]byte("GoPro\x00DEVC\x00\x01\x00\x18GPS5l\x14\x00\x01there!!!"))},
		"XMP in UTF-16": {"jpeg", jpeg(Blocks{XMP: wide(coordinates)})},
		"more XMP in two segments": {"jpeg", withSegment(
			withSegment(tinyJPEG(), container.APP1, []byte(moreXMP+`tude="there!!!"/></rdf:RDF></x:xmpmeta>`)),
			container.APP1, []byte(moreXMP+`<x:xmpmeta><rdf:RDF><rdf:Description exif:GPSLati`))},
		"a maker's notes": {"jpeg",
			jpeg(Blocks{Exif: noted("Panasonic\x00\x00\x00\x01\x00\x69\x00there!!!")})},
		"an unknown chunk":           {"png", png("prVt", string(placed()))},
		"behind PNG":                 {"png", append(tinyPNG(), placed()...)},
		"an unknown chunk of WebP":   {"webp", tinyWebP(container.AppendWebP(nil, "ABCD", placed()), nil)},
		"behind WebP":                {"webp", append(tinyWebP(nil, nil), placed()...)},
		"an unknown extension":       {"gif", tinyGIF("\xFF\x0BUNKNOWN 1.0\x13there!!!GPSLatitude\x00")},
		"behind GIF":                 {"gif", append(tinyGIF(), placed()...)},
		"GeoTIFF":                    {"tiff", withTag(page(binary.BigEndian), 33922, "there!!!")},
		"GDAL's own text":            {"tiff", withTag(page(binary.BigEndian), 42112, "there!!!")},
		"a private tag with a place": {"tiff", withTag(page(binary.BigEndian), 65000, "GPSLatitude there!!!")},
	} {
		if !TellsPlace(c.format, c.file) {
			t.Errorf("%s: the place is not found", name)
		}
		b := Read(c.format, c.file)
		had := exifText(b.Exif, tagArtist) != ""
		after := b.Update(Change{Width: 1, Height: 1, DropGPS: true})
		out, _, err := Rewrite(c.format, c.file, after, Rewriting{DropGPS: true})
		if err != nil || bytes.Contains(out, []byte("there!!!")) || TellsPlace(c.format, out) {
			t.Errorf("%s: the place is left in %q, %v", name, out, err)
		}
		if bytes.Contains(c.file, []byte("stays")) != bytes.Contains(out, []byte("stays")) && c.format != "png" &&
			name != "XMP that is damaged" || had && exifText(Read(c.format, out).Exif, tagArtist) == "" {
			t.Errorf("%s: more than the place is gone", name)
		}
		again := Read(c.format, out).Update(Change{Width: 1, Height: 1, DropGPS: true})
		if again.Lost {
			t.Errorf("%s: the result is damaged", name)
		}
	}
}

// The words go as the coordinates do, however XMP spells them.
func TestTheWordsOfThePlaceGoFromXMP(t *testing.T) {
	t.Parallel()
	names := []string{
		"photoshop:City", "photoshop:State", "photoshop:Country", "Iptc4xmpCore:Location", "Iptc4xmpCore:CountryCode",
		"Iptc4xmpExt:LocationCreated", "Iptc4xmpExt:LocationShown", "exif:GPSLatitude", "exif:GPSAltitude",
		"drone-dji:GpsLongtitude",
	}
	for _, name := range names {
		prefix, local, _ := strings.Cut(name, ":")
		space := xmpSpaces[prefix]
		if space == "" {
			space = "http://www.dji.com/drone-dji/1.0/"
		}
		for form, packet := range map[string][]byte{
			"attribute":      packetWith(`xmlns:`+prefix+`="`+space+`" `+name+`="there"`, ""),
			"other quotes":   packetWith(`xmlns:`+prefix+`='`+space+`' `+name+` = 'there'`, ""),
			"another prefix": packetWith(`xmlns:q="`+space+`" q:`+local+`="there"`, ""),
			"element": packetWith("",
				`<`+name+` xmlns:`+prefix+`="`+space+
					`"><rdf:Bag><rdf:li rdf:parseType="Resource">there</rdf:li></rdf:Bag></`+name+`>`),
			"no prefix": packetWith("", `<`+local+` xmlns="`+space+`">there</`+local+`>`),
			"bound around": bytes.Replace(packetWith("", `<q:`+local+`>there</q:`+local+`>`), []byte("<x:xmpmeta"),
				[]byte(`<x:xmpmeta xmlns:q="`+space+`"`), 1),
		} {
			b := Blocks{XMP: packet}
			after := b.Update(Change{DropGPS: true})
			if !b.tellsPlace() || after.tellsPlace() || bytes.Contains(after.XMP, []byte("there")) ||
				!bytes.Contains(after.XMP, []byte("stays")) {
				t.Errorf("%s, %s: %s", name, form, after.XMP)
			}
			if kept := b.Update(Change{}); !bytes.Equal(kept.XMP, packet) {
				t.Errorf("%s, %s: %s without being asked for", name, form, kept.XMP)
			}
		}
	}
}

// Previews of formats that hold coordinates of their own go; a TIFF file of several directories loses what is below.
func TestThePlaceOfPreviewsGoesFromTIFF(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		file := page(order)
		preview := len(file)
		file = directory(file, order, 0,
			[]field{{tagImageWidth, 3, 1, order.AppendUint16(nil, 1)}, {tagGPS, 4, 1, order.AppendUint32(nil, 8)}})
		file = withNode(file, node{
			tag:   tagSubIFDs,
			kind:  kindIFD,
			count: 1,
			value: order.AppendUint32(nil, uint32(preview)),
		})
		out, lost, err := Rewrite("tiff", file, Read("tiff", file).Update(Change{DropGPS: true}),
			Rewriting{DropGPS: true})
		if !TellsPlace("tiff", file) || err != nil || !lost || TellsPlace("tiff", out) {
			t.Errorf("%s: lost %v, %v", order, lost, err)
		}
	}
}

// A place that cannot be taken out costs the rest of EXIF but the rights, and people are told.
func TestAPlaceThatCannotBeTakenOutCostsEXIF(t *testing.T) {
	t.Parallel()
	exif := buildTIFF([]node{textNode(tagImageDescription, "GPSLatitude 47"), textNode(tagCopyright, "(c) Bo")})
	b := Blocks{Exif: exif}.Update(Change{DropGPS: true})
	if !b.Lost || b.tellsPlace() || exifText(b.Exif, tagCopyright) != "(c) Bo" {
		t.Errorf("%q, lost %v", b.Exif, b.Lost)
	}
}

// What no pixel needs goes, and the coded picture stays; without being asked for, only credentials and what follows go.
func TestABareFileHasNothingButItsPicture(t *testing.T) {
	t.Parallel()
	frame := container.AppendWebP(
		append(make([]byte, frameHead), container.AppendWebP(nil, "VP8L", []byte("\x2f\x00\x00\x00\x00pixels"))...),
		"ABCD", []byte("secret!!"))
	moving := container.RIFF(container.AppendWebP(nil, "VP8X", container.VP8X(container.WebPMoves, 1, 1)),
		container.AppendWebP(nil, "ANIM", make([]byte, 6)), container.AppendWebP(nil, "ANMF", frame))
	for name, c := range map[string]struct {
		format     string
		file       []byte
		kept       bool // whether it stays without being asked for
		credential bool
	}{
		"an unknown chunk of PNG": {"png", withPNG(tinyPNG(), "prVt", []byte("secret!!")), true, false},
		"Fireworks' chunk":        {"png", withPNG(tinyPNG(), "mkBF", []byte("secret!!")), true, false},
		"credentials in PNG":      {"png", withPNG(tinyPNG(), "caBX", []byte("secret!!")), false, true},
		"behind PNG":              {"png", append(tinyPNG(), "secret!!"...), false, false},
		"an unknown chunk of WebP": {"webp",
			tinyWebP(nil, container.AppendWebP(nil, "ABCD", []byte("secret!!"))), true, false},
		"a frame's unknown chunk": {"webp", moving, true, false},
		"credentials in WebP": {"webp",
			tinyWebP(nil, container.AppendWebP(nil, "C2PA", []byte("secret!!"))), false, true},
		"behind WebP":          {"webp", append(tinyWebP(nil, nil), "secret!!"...), false, false},
		"an unknown extension": {"gif", tinyGIF("\xFF\x0BUNKNOWN 1.0\x08secret!!\x00"), true, false},
		"a comment of GIF":     {"gif", tinyGIF("\xFE\x08secret!!\x00"), true, false},
		"credentials in GIF": {"gif", tinyGIF("\xFF\x0BC2PA_GIF\x01\x00\x00\x08secret!!\x00"), false,
			true},
		"behind GIF": {"gif", append(tinyGIF(), "secret!!"...), false, false},
		"an unknown segment": {"jpeg", withSegment(tinyJPEG(), container.APP0+4, []byte("secret!!")),
			false, false},
		"credentials in JPEG": {"jpeg",
			withSegment(tinyJPEG(), container.APP0+11, []byte("JP\x00\x01secret!!")), false, true},
		"a segment that is not Adobe's": {"jpeg",
			withSegment(tinyJPEG(), container.APP14, []byte("secret!!notAdobe")), false, false},
		"more in Adobe's segment": {"jpeg",
			bytes.Replace(tinyJPEG(), []byte("\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x01"),
				[]byte("\x00\x16Adobe\x00\x64\x00\x00\x00\x00\x01secret!!"), 1), false, false},
		"behind JPEG": {"jpeg", append(tinyJPEG(), "secret!!"...), false, false},
		"credentials in TIFF": {"tiff", withTag(page(binary.LittleEndian), tagCredential, "secret!!"),
			false, true},
		"the name of a document":           {"tiff", withTag(page(binary.LittleEndian), 269, "secret!!"), true, false},
		"layers of Photoshop":              {"tiff", withTag(page(binary.BigEndian), 37724, "secret!!"), true, false},
		"a private tag":                    {"tiff", withTag(page(binary.BigEndian), 65000, "secret!!"), true, false},
		"what lies between or behind TIFF": {"tiff", append(page(binary.BigEndian), "secret!!"...), true, false},
	} {
		b := Read(c.format, c.file)
		if b.Credential != c.credential {
			t.Errorf("%s: content credentials %v", name, b.Credential)
		}
		out, _, err := Rewrite(c.format, c.file, b.Update(Change{Mode: None}), Rewriting{Bare: true})
		if err != nil || bytes.Contains(out, []byte("secret")) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
		twice, _, err := Rewrite(c.format, out, Blocks{}, Rewriting{Bare: true})
		if err != nil || !bytes.Equal(out, twice) {
			t.Errorf("%s: the bare file becomes %q, %v", name, twice, err)
		}
		if bytes.Contains(c.file, []byte("pixels")) && !bytes.Contains(out, []byte("pixels")) {
			t.Errorf("%s: the picture is gone", name)
		}
		kept, _, err := Rewrite(c.format, c.file, b.Update(Change{}), Rewriting{})
		if err != nil || bytes.Contains(kept, []byte("secret")) != c.kept {
			t.Errorf("%s: %q without being asked for, %v", name, kept, err)
		}
	}
}

// XMP in GIF is read and written, and brought up to date.
func TestGIFKeepsXMPAndComments(t *testing.T) {
	t.Parallel()
	file := tinyGIF(xmpExtension(packetWith(`tiff:Orientation="6"`, "")), commentGIF+"\x05hello\x00",
		netscapeGIF+"\x03\x01\x00\x00\x00")
	b := Read("gif", file).Update(Change{Width: 1, Height: 1})
	out, lost, err := Rewrite("gif", file, b, Rewriting{})
	back := Read("gif", out)
	if lost || err != nil || !bytes.Equal(back.XMP, packetWith(`tiff:Orientation="1"`, "")) || len(back.Own) != 1 ||
		!back.HasText() {
		t.Errorf("%q, %v", out, err)
	}
	if !bytes.HasPrefix(out, []byte("GIF89a")) || !bytes.Contains(out, []byte(netscapeGIF)) || slices.Equal(out, file) {
		t.Errorf("%q", out)
	}
	if _, lost := WriteGIF(tinyGIF(), full(nil)); !lost {
		t.Error("what has no place in GIF went without a word")
	}
}
