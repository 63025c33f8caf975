package imaging_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/bep/imagemeta"
	"github.com/google/go-cmp/cmp"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

const packet = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
	`xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
	`xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" ` +
	`tiff:Orientation="6"><dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>` +
	`</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

// iccProfile returns a block that looks like a colour profile.
func iccProfile(space string) []byte {
	p := make([]byte, 3144)
	binary.BigEndian.PutUint32(p, uint32(len(p)))
	copy(p[12:], "mntr")
	copy(p[16:], space)
	copy(p[36:], "acsp")
	return p
}

// exifWith returns an EXIF structure with an orientation, an artist and a copyright.
func exifWith(orientation uint16) []byte {
	order := binary.BigEndian
	to := append([]byte("MM\x00*"), 0, 0, 0, 8, 0, 3)
	put := func(tag, kind uint16, count, value uint32) {
		to = order.AppendUint16(to, tag)
		to = order.AppendUint16(to, kind)
		to = order.AppendUint32(to, count)
		to = order.AppendUint32(to, value)
	}
	put(0x0112, 3, 1, uint32(orientation)<<16)
	put(0x013B, 2, 4, 'A'<<24|'n'<<16|'n'<<8)
	put(0x8298, 2, 9, 50)
	to = append(to, 0, 0, 0, 0)
	return append(to, "(c) 2024\x00"...)
}

func described(t *testing.T) metadata.Blocks {
	t.Helper()
	iptc := []byte("8BIM\x04\x04\x00\x00\x00\x00\x00\x08\x1C\x02\x50\x00\x03Bo!")
	return metadata.Blocks{Exif: exifWith(6), XMP: []byte(packet), IPTC: iptc, ICC: iccProfile("RGB ")}
}

// read returns the tags that another library finds.
func read(t *testing.T, file []byte, format imagemeta.ImageFormat) map[string]any {
	t.Helper()
	found := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R:               bytes.NewReader(file),
		ImageFormat:     format,
		Sources:         imagemeta.EXIF | imagemeta.IPTC | imagemeta.XMP,
		ShouldHandleTag: func(imagemeta.TagInfo) bool { return true },
		HandleTag: func(tag imagemeta.TagInfo) error {
			switch tag.Tag {
			case "Orientation":
				found[tag.Source.String()+" "+tag.Tag] = tag.Value
			case "Artist", "Copyright", "By-line", "Creator":
				found[tag.Tag] = tag.Value
			}
			return nil
		},
		Warnf: t.Logf,
	})
	if err != nil {
		t.Fatalf("imagemeta: %v", err)
	}
	return found
}

func TestAnotherLibraryReadsWhatAnEditKept(t *testing.T) {
	t.Parallel()
	source, lost := metadata.WriteJPEG(asJPEG(t, storedAs(pattern(60, 40), 6), 90), described(t))
	if lost {
		t.Fatal("the test's blocks do not fit")
	}
	all := map[string]any{
		"EXIF Orientation": uint16(1), "XMP Orientation": "1", "Artist": "Ann", "Copyright": "(c) 2024",
		"Creator": "Ann",
		"By-line": "Bo!",
	}
	// imagemeta reads no XMP in PNG; IPTC has no place there.
	exif := map[string]any{"EXIF Orientation": uint16(1), "Artist": "Ann", "Copyright": "(c) 2024"}
	rights := map[string]any{"Artist": "Ann", "Copyright": "(c) 2024"}
	for name, c := range map[string]struct {
		output   string
		format   imagemeta.ImageFormat
		want     map[string]any
		warnings []string
	}{
		"keep":             {`"metadata":{"mode":"keep"}`, imagemeta.JPEG, all, nil},
		"copyright":        {`"metadata":{"mode":"copyright"}`, imagemeta.JPEG, rights, nil},
		"none":             {`"metadata":{"mode":"none"}`, imagemeta.JPEG, map[string]any{}, nil},
		"keep to PNG":      {`"format":"png"`, imagemeta.PNG, exif, []string{imaging.WarnMetadataDropped}},
		"copyright to PNG": {`"format":"png","metadata":{"mode":"copyright"}`, imagemeta.PNG, rights, nil},
		"none to PNG":      {`"format":"png","metadata":{"mode":"none"}`, imagemeta.PNG, map[string]any{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := edit(t, source, `{"version":1,"steps":[{"op":"resize","width":30}],"output":{`+c.output+`}}`)
			if diff := cmp.Diff(c.want, read(t, result.Data, c.format)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			if !slices.Equal(result.Warnings, c.warnings) {
				t.Errorf("warnings %v, want %v", result.Warnings, c.warnings)
			}
			if got := metadata.Read(string(result.Format), result.Data); !bytes.Equal(got.ICC, iccProfile("RGB ")) {
				t.Error("the colour profile is gone")
			}
			if c.format == imagemeta.PNG && name != "keep to PNG" {
				back := edit(t, result.Data,
					`{"version":1,"steps":[{"op":"resize","width":20}],"output":{"format":"jpeg"}}`)
				if diff := cmp.Diff(c.want, read(t, back.Data, imagemeta.JPEG)); diff != "" {
					t.Errorf("tags back in a JPEG (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestXMPGoesToPNGAndBack(t *testing.T) {
	t.Parallel()
	source, _ := metadata.WriteJPEG(asJPEG(t, storedAs(pattern(60, 40), 6), 90), described(t))
	there := edit(t, source, toPNG)
	back := edit(t, there.Data, `{"version":1,"output":{"format":"jpeg"}}`)
	want := strings.Replace(packet, `tiff:Orientation="6"`, `tiff:Orientation="1"`, 1)
	for _, r := range []imaging.Result{there, back} {
		if got := string(metadata.Read(string(r.Format), r.Data).XMP); got != want {
			t.Errorf("%s: the packet is %s", r.Format, got)
		}
	}
}

func TestMetadataGoesWithoutCodingThePictureAgain(t *testing.T) {
	t.Parallel()
	b := described(t)
	b.Exif = exifWith(1)
	for name, c := range map[string]struct {
		picture []byte
		write   func([]byte, metadata.Blocks) ([]byte, bool)
	}{
		"jpeg": {asJPEG(t, pattern(60, 40), 90), metadata.WriteJPEG},
		"png":  {asPNG(t, pattern(60, 40)), metadata.WritePNG},
	} {
		source, _ := c.write(c.picture, b)
		if result := edit(t, source, `{"version":1}`); !result.Unchanged || !bytes.Equal(result.Data, source) {
			t.Errorf("%s: nothing to do, and the result is not the source", name)
		}
		b.ICC = nil
		source, _ = c.write(c.picture, b)
		result := edit(t, source, `{"version":1,"output":{"metadata":{"mode":"none"}}}`)
		if result.Unchanged || !bytes.Equal(result.Data, c.picture) {
			t.Errorf("%s: without metadata the file is not the bare picture", name)
		}
	}
}

func TestDamagedExifCostsNoMoreThanWhatIsDamaged(t *testing.T) {
	t.Parallel()
	exif := exifWith(6)
	exif[9] = 200 // more fields than there are
	src := withExif(t, asJPEG(t, pattern(60, 40), 90), exif)
	result := edit(t, src, `{"version":1,"steps":[{"op":"resize","width":30}]}`)
	about, err := imaging.Describe(result.Data, imaging.Limits{})
	if err != nil || about.Creator != "Ann" || about.Copyright != "(c) 2024" {
		t.Errorf("%+v, %v", about, err)
	}
	if !slices.Equal(result.Warnings, []string{imaging.WarnMetadataDropped}) {
		t.Errorf("warnings %v", result.Warnings)
	}
	if result.Before.Orientation != 6 || result.Height != 45 {
		t.Errorf("the picture was not turned upright: %+v", result.Before)
	}
}

func TestProfilesStayOnlyWhereTheyFit(t *testing.T) {
	t.Parallel()
	gray := image.NewGray(image.Rect(0, 0, 20, 10))
	for i := range gray.Pix {
		gray.Pix[i] = byte(i)
	}
	src, _ := metadata.WriteJPEG(asJPEG(t, gray, 90), metadata.Blocks{ICC: iccProfile("GRAY")})
	for _, output := range []string{"jpeg", "png"} {
		result := edit(t, src, `{"version":1,"steps":[{"op":"resize","width":10}],"output":{"format":"`+output+`"}}`)
		info, err := imaging.Inspect(result.Data, imaging.Limits{})
		if err != nil || !info.Gray {
			t.Errorf("a gray picture became %+v, %v", info, err)
		}
		if len(metadata.Read(output, result.Data).ICC) == 0 || len(result.Warnings) > 0 {
			t.Errorf("%s: the gray profile is gone: %v", output, result.Warnings)
		}
	}
	toned := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"sepia"}]}`)
	if len(metadata.Read("jpeg", toned.Data).ICC) > 0 ||
		!slices.Equal(toned.Warnings, []string{imaging.WarnProfileDropped}) {
		t.Errorf("a picture in colour has a gray profile: %v", toned.Warnings)
	}
}

func TestWarningsSayWhatIsLost(t *testing.T) {
	t.Parallel()
	wide := image.NewNRGBA64(image.Rect(0, 0, 20, 20))
	for i := range wide.Pix {
		wide.Pix[i] = byte(i * 7)
	}
	many := pattern(200, 100)
	for name, c := range map[string]struct {
		src      []byte
		document string
		want     []string
	}{
		"alpha to JPEG": {asPNG(t, veiled(9, 9)), `{"version":1,"output":{"format":"jpeg"}}`,
			[]string{imaging.WarnAlphaFlattened}},
		"16 bits": {asPNG(t, wide), `{"version":1,"steps":[{"op":"flip","axis":"both"}]}`,
			[]string{imaging.WarnDepthReduced}},
		"GIF": {asGIF(t, many), `{"version":1,"steps":[{"op":"blur","sigma":1}]}`,
			[]string{imaging.WarnColorsReduced}},
		"GIF, few": {asGIF(t, many), `{"version":1,"steps":[{"op":"flip","axis":"both"}]}`, nil},
		"plain":    {asPNG(t, many), `{"version":1,"steps":[{"op":"blur","sigma":1}]}`, nil},
		"corner of angle": {asJPEG(t, many, 80), `{"version":1,"steps":[{"op":"rotate","angle":3}]}`,
			[]string{imaging.WarnAlphaFlattened}},
	} {
		result := edit(t, c.src, c.document)
		if !slices.Equal(result.Warnings, c.want) {
			t.Errorf("%s: warnings %v, want %v", name, result.Warnings, c.want)
		}
	}
}

func TestAFlattenedPictureLiesOnTheOutputsBackground(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 32, 16))
	for x := range 16 {
		for y := range 16 {
			m.SetNRGBA(x, y, color.NRGBA{R: 255, A: 255})
			m.SetNRGBA(x+16, y, color.NRGBA{R: 255, A: 51})
		}
	}
	result := edit(t, asPNG(t, m), `{"version":1,"output":{"format":"jpeg","quality":100,"background":"#0000ff"}}`)
	out := toNRGBA(decodeAny(t, result.Data))
	for x, want := range map[int]color.NRGBA{4: {R: 255, A: 255}, 28: {R: 51, B: 204, A: 255}} {
		got := out.NRGBAAt(x, 8)
		if distance(uint32(got.R)*257, uint32(want.R)*257) > 3 || distance(uint32(got.B)*257, uint32(want.B)*257) > 3 {
			t.Errorf("the pixel at %d is %v, want %v", x, got, want)
		}
	}
}

func TestWebPKeepsItsMetadataAndItsFormat(t *testing.T) {
	t.Parallel()
	files, ok := goPictures(t)
	if !ok {
		t.Skip("no test pictures")
	}
	result := edit(t, files["yellow_rose.lossy-with-alpha.webp"], `{"version":1,"steps":[{"op":"resize","width":50}]}`)
	info, err := imaging.Inspect(result.Data, imaging.Limits{})
	if err != nil || info.Format != imaging.WebP || !info.Alpha || info.Width != 50 {
		t.Errorf("the result is %+v, %v", info, err)
	}
	// A WebP source with metadata, as the encoder itself writes it.
	src := webpWith(t, pattern(60, 40), described(t))
	if info, err = imaging.Inspect(src, imaging.Limits{}); err != nil || info.Orientation != 6 {
		t.Fatalf("the source is %+v, %v", info, err)
	}
	result = edit(t, src, `{"version":1,"steps":[{"op":"resize","width":30}]}`)
	b := metadata.Read("webp", result.Data)
	if metadata.Orientation(b.Exif) != 1 || len(b.XMP) == 0 || !bytes.Equal(b.ICC, iccProfile("RGB ")) ||
		result.Height != 45 {
		t.Errorf("the result is %d×%d with %+v", result.Width, result.Height, b)
	}
	result = edit(t, src, `{"version":1,"output":{"metadata":{"mode":"none"}}}`)
	if b = metadata.Read("webp", result.Data); !b.IsEmpty() || len(b.ICC) == 0 {
		t.Errorf("without metadata it has %+v", b)
	}
}

func TestThePlaceIsNotToldIfAskedFor(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, pattern(64, 48), 90)
	placed, _ := metadata.WriteJPEG(plain,
		metadata.Blocks{
			XMP: []byte(
				`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description exif:GPSLatitude="47,` +
					`3.5N"/></rdf:RDF></x:xmpmeta>`)})
	const document = `{"version":1,"output":{"metadata":{"stripGps":true}}}`
	result := edit(t, placed, document)
	if result.Unchanged || bytes.Contains(result.Data, []byte("GPS")) {
		t.Errorf("unchanged %v, the place is told: %v", result.Unchanged, bytes.Contains(result.Data, []byte("GPS")))
	}
	if !bytes.HasSuffix(result.Data, plain[len(plain)-200:]) {
		t.Error("the picture was coded again")
	}
	if result := edit(t, plain, document); !result.Unchanged {
		t.Error("a picture without a place was changed")
	}
	if result := edit(t, placed,
		`{"version":1,"steps":[{"op":"filter","name":"invert"}]}`); !bytes.Contains(result.Data,
		[]byte("GPSLatitude")) {
		t.Error("the place is gone without being asked for")
	}
}

// picturesOf returns the chunks of a WebP file that hold coded pictures.
func picturesOf(t testing.TB, file []byte) (all []byte) {
	t.Helper()
	for c, err := range container.WebP(file) {
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{"ALPH", "VP8 ", "VP8L", "ANIM", "ANMF"}, c.Name) {
			all = append(all, file[c.Start:c.End]...)
		}
	}
	return all
}

func TestMetadataOfAWebPChangesAroundTheCodedPicture(t *testing.T) {
	t.Parallel()
	b := described(t)
	b.Exif = exifWith(1)
	moving := movingWebP(t, image.Pt(4, 1), 0, 0, nil, shot{m: row("rgbr"), delay: 9}, shot{m: row("b..b"), delay: 9})
	for name, plain := range map[string][]byte{
		"lossy":            webpWith(t, pattern(61, 33), metadata.Blocks{}),
		"lossy with alpha": webpWith(t, veiled(61, 33), metadata.Blocks{}),
		"lossless":         losslessWebP(t, pattern(61, 33)), "lossless with alpha": losslessWebP(t, veiled(61, 33)),
		"moving": moving,
	} {
		told, lost := metadata.WriteWebP(plain, b)
		if !lost { // of IPTC there is no place
			t.Errorf("%s: nothing is lost", name)
		}
		if got := metadata.Read("webp", told); !bytes.Equal(got.Exif, b.Exif) || !bytes.Equal(got.ICC, b.ICC) ||
			string(got.XMP) != string(b.XMP) {
			t.Errorf("%s: %+v was written", name, got)
		}
		before, errBefore := imaging.Describe(plain, imaging.Limits{})
		after, err := imaging.Describe(told, imaging.Limits{})
		if err != nil || errBefore != nil || after.Width != before.Width || after.Height != before.Height ||
			after.Alpha != before.Alpha || after.Frames != before.Frames {
			t.Errorf("%s: %+v became %+v, %v", name, before.Info, after.Info, err)
		}
		document := `{"version":1,"input":{"onAnimated":"process"},"output":{"quality":1,"metadata":{"mode":"none"}}}`
		none := edit(t, told, document)
		if got := metadata.Read("webp", none.Data); !got.IsEmpty() || !bytes.Equal(got.ICC, b.ICC) || none.Unchanged {
			t.Errorf("%s: %+v is left", name, got)
		}
		for what, file := range map[string][]byte{"told": told, "none": none.Data} {
			if !bytes.Equal(picturesOf(t, file), picturesOf(t, plain)) {
				t.Errorf("%s: %s: the picture was coded again", name, what)
			}
			if animated := name == "moving"; !animated &&
				furthestApart(fromPNG(t, edit(t, file, toPNG).Data), fromPNG(t, edit(t, plain, toPNG).Data)) > 0 {
				t.Errorf("%s: %s: another picture", name, what)
			}
		}
		if without, _ := metadata.WriteWebP(told, metadata.Blocks{}); name != "moving" &&
			!bytes.Equal(picturesOf(t, without), picturesOf(t, plain)) || !metadata.Read("webp", without).IsEmpty() {
			t.Errorf("%s: it is not as before", name)
		}
	}
	for _, broken := range [][]byte{nil, []byte("RIFF\x04\x00\x00\x00WEBP"),
		container.RIFF(container.AppendWebP(nil, "VP8 ", []byte("short")))} {
		if out, lost := metadata.WriteWebP(broken, b); !lost || !bytes.Equal(out, broken) {
			t.Errorf("%q became %q, lost %v", broken, out, lost)
		}
	}
}
