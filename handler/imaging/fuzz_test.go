package imaging_test

import (
	"context"
	"encoding/json"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// tight are limits under which no input keeps a fuzzer waiting.
func tight() imaging.Limits {
	return imaging.Limits{
		Bytes:        1 << 20,
		Pixels:       250_000,
		Side:         1000,
		Scans:        10,
		ResultPixels: 250_000,
		ResultSide:   1000,
		Memory:       64 << 20,
	}
}

func addPictures(f *testing.F) {
	f.Add(asJPEG(f, pattern(20, 10), 80))
	f.Add(withExif(f, asJPEG(f, pattern(20, 10), 80), exifWith(6)))
	f.Add(asPNG(f, veiled(20, 10)))
	f.Add(withExif(f, asPNG(f, pattern(20, 10)), exifWith(8)))
	f.Add(asGIF(f, pattern(20, 10)))
	f.Add(asBMP(f, pattern(20, 10)))
	f.Add(asTIFF(f, veiled(20, 10)))
	f.Add(overfull(20, 10))
	f.Add(sosBomb(f, 20))
	for _, name := range []string{"g3-min-is-black", "g4-lsb", "pal8", "pyr", "zip1-tiled"} {
		f.Add(caseFile(f, "tiff/"+name+".tif"))
	}
	f.Add(thumbnailTIFF(1, 1, 1, []tag{{330, 4, 1, dataAt(11) + 16}}, directoryOf(tag{262, 3, 1, 32803})))
}

func isExpected(err error) bool {
	return err == nil || fault.Is(err, fault.Unsupported) || fault.Is(err, fault.TooLarge) ||
		fault.Is(err, fault.Invalid)
}

func FuzzInspect(f *testing.F) {
	addPictures(f)
	for _, name := range []string{"picture.heic", "picture.avif"} {
		f.Add(testdata(f, name))
	}
	f.Add(boxed(0, "mif1", "heic"))
	f.Add([]byte("\x00\x00\x00\x01ftyp\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFheic"))
	f.Fuzz(func(t *testing.T, src []byte) {
		info, err := imaging.Inspect(src, tight())
		if !isExpected(err) {
			t.Fatalf("Inspect: %v", err)
		}
		if err == nil && (info.Width < 1 || info.Height < 1 || info.Orientation < 1 || info.Orientation > 8 ||
			info.Bits < 1) {
			t.Fatalf("Inspect = %+v without an error", info)
		}
	})
}

func FuzzEdit(f *testing.F) {
	addPictures(f)
	inP3, _ := metadata.WritePNG(asPNG(f, pattern(20, 10)),
		metadata.Blocks{ICC: profileFile(f, "displayp3"), XMP: []byte(packet)})
	f.Add(inP3)
	f.Add(webpWith(f, veiled(20, 10), metadata.Blocks{Exif: exifWith(6), XMP: []byte(packet)}))
	tiff, _, err := metadata.WriteTIFF(asTIFF(f, pattern(20, 10)),
		metadata.Blocks{Exif: exifWith(6), XMP: []byte(packet), ICC: profileFile(f, "gray")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tiff)
	recipes := []*recipe.Recipe{parse(f, heavy), parse(f, dressed)}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, r := range recipes {
			result, err := imaging.Edit(context.Background(), src, r, imaging.Options{Limits: tight(), Name: "a.jpg"})
			if !isExpected(err) {
				t.Fatalf("Edit: %v", err)
			}
			if err != nil {
				continue
			}
			after, err := imaging.Inspect(result.Data, imaging.Limits{})
			if err != nil || after.Width != result.Width || after.Height != result.Height ||
				after.Format != result.Format {
				t.Fatalf("the result is %+v, %v; Edit says %s %d×%d", after, err, result.Format, result.Width,
					result.Height)
			}
		}
	})
}

func FuzzWatermark(f *testing.F) {
	addPictures(f)
	f.Add(animated(f))
	src := asPNG(f, veiled(30, 20))
	r := parse(f, `{"version":1,"steps":[
		{"op":"watermark","image":`+logo+`,"angle":10,"blend":"colorBurn","tile":{}},{"op":"mask",`+
		`"image":`+logo+`,"fit":"cover"}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		o := withLogo(file)
		o.Limits = tight()
		o.Limits.ImagePixels = o.Limits.Pixels
		if _, err := imaging.Edit(context.Background(), src, r, o); !isExpected(err) {
			t.Fatalf("Edit: %v", err)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("M1 1C40 0 20 60 50 40S9 9 1 2Q3 4 5 6T7 8A9 9 20 10 1 2z", "miter", "square", 0.5)
	f.Add("M-30000-30000H30000 0v1e-6h-1e-6z", "round", "round", 2000.0)
	f.Add("M0 0h0zh0M5 5l1-1-1 1", "bevel", "butt", 1.0)
	src := asPNG(f, pattern(40, 30))
	f.Fuzz(func(t *testing.T, d, join, end string, width float64) {
		document, err := json.Marshal(map[string]any{"version": 1, "steps": []any{map[string]any{
			"op": "shape", "shape": "path", "d": d, "fill": "#0008",
			"stroke": map[string]any{"width": width, "join": join, "cap": end},
		}}})
		if err != nil {
			return // no number
		}
		r, err := recipe.Parse(document)
		if err != nil {
			return
		}
		if _, err := imaging.Edit(context.Background(), src, r, imaging.Options{}); err != nil {
			t.Fatalf("%s: %v", document, err)
		}
	})
}

// dressed is a recipe that changes everything but what is seen.
const dressed = `{"version":1,"output":{"colorProfile":"srgb","palette":{"colors":16},"progressive":true,
	"metadata":{"stripGps":true,"set":{"title":"{name}","copyright":"© {year}","keywords":["a","b"],"credit":""}}}}`
