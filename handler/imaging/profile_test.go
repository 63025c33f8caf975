package imaging_test

import (
	"bytes"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/icc"
	"imagepro/handler/imaging/metadata"
)

// profileFile reads a profile that the tests of icc made.
func profileFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("icc", "testdata", name+".icc"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const toSRGB = `"output":{"colorProfile":"srgb"}`

// inSRGB converts a picture by a profile.
func inSRGB(t *testing.T, m *image.NRGBA, profile []byte) *image.NRGBA {
	t.Helper()
	p, err := icc.Parse(profile)
	if err != nil {
		t.Fatal(err)
	}
	out := &image.NRGBA{Pix: bytes.Clone(m.Pix), Stride: m.Stride, Rect: m.Rect}
	p.ToSRGB().Row(out.Pix)
	return out
}

func TestPicturesGetTheColoursOfSRGB(t *testing.T) {
	t.Parallel()
	p3 := profileFile(t, "displayp3")
	b := metadata.Blocks{ICC: p3, Own: []metadata.Part{{Name: "gAMA", Data: []byte{0, 0, 0xB1, 0x8F}}}}
	src, _ := metadata.WritePNG(asPNG(t, veiled(60, 40)), b)
	want := inSRGB(t, veiled(60, 40), p3)
	result := edit(t, src, `{"version":1,`+toSRGB+`}`)
	if d := furthestApart(fromPNG(t, result.Data), want); d != 0 {
		t.Errorf("it is %d levels apart", d)
	}
	if got := metadata.Read("png", result.Data); len(got.ICC) > 0 || len(got.Own) > 0 || len(result.Warnings) > 0 {
		t.Errorf("%d bytes of a profile are left, %v, %q", len(got.ICC), got.Own, result.Warnings)
	}
	if again := edit(t, result.Data, `{"version":1,`+toSRGB+`}`); !again.Unchanged {
		t.Error("a picture without a profile was changed")
	}
	if kept := edit(t, src, `{"version":1}`); !kept.Unchanged {
		t.Error("a profile is not kept")
	}
	// Before the steps, in any turn.
	turned := edit(t, withExif(t, src, exifWith(6)),
		`{"version":1,"steps":[{"op":"filter","name":"invert"}],`+toSRGB+`}`)
	inverted := edit(t, withExif(t, asPNG(t, want), exifWith(6)),
		`{"version":1,"steps":[{"op":"filter","name":"invert"}]}`)
	if d := furthestApart(fromPNG(t, turned.Data), fromPNG(t, inverted.Data)); d != 0 {
		t.Errorf("inverted it is %d levels apart", d)
	}
}

func TestJPEGPicturesGetTheColoursOfSRGB(t *testing.T) {
	t.Parallel()
	p3 := profileFile(t, "displayp3")
	for _, document := range []string{`{"version":1,` + toSRGB + `}`,
		`{"version":1,"steps":[{"op":"rotate","angle":90}],` + toSRGB + `}`,
		`{"version":1,"steps":[{"op":"resize","width":160}],` + toSRGB + `}`} {
		m := pattern(640, 384)
		src, _ := metadata.WriteJPEG(withExif(t, asJPEG(t, m, 95), exifWith(1)), metadata.Blocks{ICC: p3})
		result := edit(t, src, document)
		want := toNRGBA(decodeAny(t, edit(t, asPNG(t, inSRGB(t, m, p3)), document).Data))
		if d := meanDifference(t, want, decodeAny(t, result.Data)); d > 3 || result.Unchanged {
			t.Errorf("%s: %.1f levels apart", document, d)
		}
		if len(metadata.Read("jpeg", result.Data).ICC) > 0 || len(result.Warnings) > 0 {
			t.Errorf("%s: the profile is still there, %q", document, result.Warnings)
		}
	}
	// Only the colours, of a file that cannot be turned upright without loss.
	odd, _ := metadata.WriteJPEG(asJPEG(t, pattern(61, 45), 95), metadata.Blocks{ICC: p3, Exif: exifWith(6)})
	if result := edit(t, odd, `{"version":1,`+toSRGB+`}`); result.Unchanged || len(result.Warnings) > 0 ||
		len(metadata.Read("jpeg", result.Data).ICC) > 0 {
		t.Errorf("unchanged %v, %q", result.Unchanged, result.Warnings)
	}
}

func TestAProfileOfSRGBIsOnlyLeftOut(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, pattern(64, 48), coarse)
	src, _ := metadata.WriteJPEG(plain, metadata.Blocks{ICC: profileFile(t, "srgb")})
	if result := edit(t, src, `{"version":1,`+toSRGB+`}`); result.Unchanged ||
		!bytes.Equal(result.Data, bare(t, "jpeg", plain)) {
		t.Error("the picture was coded again, or the profile is still there")
	}
}

func TestGrayPicturesGetTheLevelsOfSRGB(t *testing.T) {
	t.Parallel()
	gray := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range gray.Pix {
		gray.Pix[i] = byte(i)
	}
	src, _ := metadata.WritePNG(asPNG(t, gray), metadata.Blocks{ICC: profileFile(t, "gray")})
	result := edit(t, src, `{"version":1,`+toSRGB+`}`)
	got, ok := decodeAny(t, result.Data).(*image.Gray)
	if !ok || len(metadata.Read("png", result.Data).ICC) > 0 || len(result.Warnings) > 0 {
		t.Fatalf("the result is %T, %q", decodeAny(t, result.Data), result.Warnings)
	}
	// 128 with a gamma of 1.8 is 0.289 of the light, which is level 146 of sRGB.
	if g := got.GrayAt(0, 8); g != (color.Gray{Y: 146}) {
		t.Errorf("level 128 is %d", g.Y)
	}
	toned := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"sepia"}],`+toSRGB+`}`)
	if len(toned.Warnings) > 0 {
		t.Errorf("a picture that got colours warns %q", toned.Warnings)
	}
}

func TestProfilesThatCannotBeConvertedStay(t *testing.T) {
	t.Parallel()
	tables := profileFile(t, "tables")
	src, _ := metadata.WritePNG(asPNG(t, pattern(20, 10)), metadata.Blocks{ICC: tables})
	if result := edit(t, src, `{"version":1,`+toSRGB+`}`); !result.Unchanged ||
		!slices.Equal(result.Warnings, []string{imaging.WarnProfileKept}) {
		t.Errorf("unchanged %v, %q", result.Unchanged, result.Warnings)
	}
	result := edit(t, src, `{"version":1,"steps":[{"op":"flip","axis":"both"}],`+toSRGB+`}`)
	if !bytes.Equal(metadata.Read("png", result.Data).ICC, tables) ||
		!slices.Equal(result.Warnings, []string{imaging.WarnProfileKept}) {
		t.Errorf("the profile is gone, or %q", result.Warnings)
	}
	cmyk, _ := metadata.WriteJPEG(caseFile(t, "jpeg/cmyk-adobe.jpg"), metadata.Blocks{ICC: iccProfile("CMYK")})
	if result := edit(t, cmyk, `{"version":1,`+toSRGB+`}`); !result.Unchanged ||
		!slices.Equal(result.Warnings, []string{imaging.WarnProfileKept}) {
		t.Errorf("CMYK: unchanged %v, %q", result.Unchanged, result.Warnings)
	}
}

// What metadata say of the colours is true afterwards.
func TestExiftoolFindsNoOtherColoursThanSRGB(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p3.jpg")
	src, _ := metadata.WriteJPEG(asJPEG(t, pattern(64, 48), 90), metadata.Blocks{ICC: profileFile(t, "displayp3")})
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	exiftool(t, "-overwrite_original", "-n", "-ExifIFD:ColorSpace=65535", "-InteropIndex=R03",
		"-XMP-exif:ColorSpace=65535", "-XMP-photoshop:ICCProfileName=Display P3", path)
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, edit(t, src, `{"version":1,`+toSRGB+`}`).Data, 0o600); err != nil {
		t.Fatal(err)
	}
	got := tags(t, path)
	if got["ExifIFD:ColorSpace"] != 1.0 || got["XMP-exif:ColorSpace"] != 1.0 ||
		got["InteropIFD:InteropIndex"] != "R98" || got["XMP-photoshop:ICCProfileName"] != nil ||
		got["ICC_Profile:ProfileDescription"] != nil {
		t.Errorf("exiftool finds %v", got)
	}
}
