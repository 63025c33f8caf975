package imaging_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/metadata"
)

// Nobody gets other colours and no inks for a picture that was made for printing. What needs no pixel goes on.
func TestPrintingColoursAreNeverSavedAsOthers(t *testing.T) {
	t.Parallel()
	plain := caseFile(t, "jpeg/cmyk-adobe.jpg")
	profiled, _ := metadata.WriteJPEG(plain, metadata.Blocks{ICC: iccProfile("CMYK"), Exif: exifWith(6)})
	for name, src := range map[string][]byte{"without a profile": plain, "with a profile": profiled} {
		for what, document := range map[string]string{
			"resize":      `{"version":1,"steps":[{"op":"resize","width":30}]}`,
			"rotate":      `{"version":1,"steps":[{"op":"rotate","angle":90}]}`,
			"to PNG":      toPNG,
			"to sRGB":     `{"version":1,"steps":[{"op":"flip","axis":"both"}],"output":{"colorProfile":"srgb"}}`,
			"a colour":    `{"version":1,"steps":[{"op":"filter","name":"grayscale"}]}`,
			"a few of it": `{"version":1,"steps":[{"op":"crop","width":32,"height":32,"x":0,"y":0}]}`,
		} {
			for _, to := range []imaging.Purpose{imaging.ToSave, imaging.ToPreview} {
				_, err := imaging.Edit(context.Background(), src, parse(t, document), imaging.Options{For: to})
				if f := fault.From(err); err == nil || f.Kind != fault.Unsupported ||
					!strings.HasPrefix(f.Message, "The picture has printing colours (CMYK).") {
					t.Errorf("%s: %s for %d: %v", name, what, to, err)
				}
			}
			if _, err := imaging.Explain(src, parse(t, document), imaging.Options{}); !fault.Is(err,
				fault.Unsupported) {
				t.Errorf("%s: %s: Explain = %v", name, what, err)
			}
			if _, err := imaging.Edit(context.Background(), src, parse(t, document),
				imaging.Options{For: imaging.ToShow}); err != nil {
				t.Errorf("%s: %s is not shown: %v", name, what, err)
			}
		}
		result := edit(t, src, `{"version":1,"output":{"metadata":{"set":{"title":"navy"}}}}`)
		scan := plain[len(plain)-5000:]
		if result.Unchanged || !bytes.HasSuffix(result.Data, scan) || !bytes.Contains(result.Data, []byte("navy")) {
			t.Errorf("%s: a title is not set around the picture", name)
		}
		if info, err := imaging.Inspect(result.Data, imaging.Limits{}); err != nil || !info.CMYK {
			t.Errorf("%s: with a title it is %+v, %v", name, info, err)
		}
		about, err := imaging.Describe(src, imaging.Limits{})
		if err != nil || about.Width+about.Height != 203+150 {
			t.Errorf("%s: %+v, %v", name, about, err)
		}
	}
	logo := `{"version":1,"steps":[{"op":"watermark","image":{"data":"data:image/jpeg;base64,` +
		base64.StdEncoding.EncodeToString(plain) + `"}}]}`
	_, err := imaging.Edit(context.Background(), asPNG(t, pattern(300, 200)), parse(t, logo), imaging.Options{})
	if f := fault.From(err); err == nil || f.Kind != fault.Unsupported || f.Field != "/steps/0/image" ||
		!strings.Contains(f.Message, "CMYK") {
		t.Errorf("as a watermark: %v", err)
	}
}
