package library_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/library"
)

// marked is a recipe that lays a picture of a library on the lower right quarter.
func marked(logo library.Ref) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"version":1,"steps":[
		{"op":"flip","axis":"horizontal"},
		{"op":"watermark","image":{"drive":%q,"item":%q},"size":20},
		{"op":"watermark","image":{"drive":%q,"item":%q},"size":10,"gravity":"northwest"}],"output":{"quality":95}}`,
		logo.Drive, logo.Item, logo.Drive, logo.Item))
}

func redPNG(side int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+3] = 255, 255
	}
	return asPNG(m)
}

// isRed reports whether a pixel of a file is red.
func isRed(t *testing.T, file []byte, x, y int) bool {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(file))
	must(t, err)
	c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
	return c.R > 230 && c.G < 25 && c.B < 25
}

func TestAWatermarkOfALibraryIsReadOnceAndLaidOn(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 40, 200)))
	logo := w.put("logos/logo.png", redPNG(64)).Ref
	toGraph, toSharePoint := w.since(func() {
		preview, err := w.service.Preview(t.Context(), w.adele, i.Ref, marked(logo), 40)
		if err != nil || !isRed(t, preview.Data, 30, 30) || isRed(t, preview.Data, 30, 12) {
			t.Errorf("the preview: %v", err)
		}
	})
	if len(toGraph) != 2 || len(toSharePoint) != 2 {
		t.Errorf("%d calls of Graph and %d of SharePoint, want 2 and 2", len(toGraph), len(toSharePoint))
	}
	told, err := w.service.Explain(t.Context(), w.adele, i.Ref, marked(logo))
	if err != nil || len(told.Passes) != 2 || !strings.HasPrefix(told.Passes[0].What, "watermark over at") {
		t.Errorf("explained: %+v, %v", told, err)
	}
	edited, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, marked(logo), library.Save{})
	must(t, err)
	stored := w.content(i.Ref)
	if edited.Unchanged || w.versions(i.Ref) != 2 || !isRed(t, stored, 30, 30) || !isRed(t, stored, 4, 4) ||
		isRed(t, stored, 14, 14) {
		t.Errorf("edited: %+v, %d versions", edited, w.versions(i.Ref))
	}
	if w.versions(logo) != 1 {
		t.Error("the logo was changed")
	}
}

func TestAWatermarkThatCannotBeReadEndsTheEdit(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	// foreign is a logo in a site of somebody else's.
	foreign := func(tenant, owner string) library.Ref {
		site, err := w.Graph.AddSite(tenant, "of others "+owner, owner)
		must(t, err)
		item, err := w.Graph.PutFile(site.DriveID, "logo.png", bytes.NewReader(redPNG(8)), owner)
		must(t, err)
		return library.Ref{Drive: site.DriveID, Item: item.ID}
	}
	colleagues := foreign(w.scene.Contoso.ID, w.scene.Alex.ID)
	for name, c := range map[string]struct {
		logo  library.Ref
		kinds string
		says  string
	}{
		"a colleague's": {colleagues, "not_found forbidden", "cannot be used"},
		"of another tenant": {foreign(w.scene.Frida.Tenant, w.scene.Frida.ID), "not_found forbidden",
			"cannot be used"},
		"not there": {library.Ref{Drive: w.site.DriveID, Item: "01NOTTHERE"}, "not_found",
			"It is not there"},
		"no drive": {library.Ref{Drive: "nodrive", Item: "01NOTTHERE"}, "not_found invalid",
			"cannot be used"},
		"a folder":          {w.root(), "unsupported", "This is a folder"},
		"a text":            {w.put("notes.txt", []byte("text")).Ref, "unsupported", "This file is no picture."},
		"a text by content": {w.put("fake.png", []byte("text")).Ref, "unsupported", "The file is no picture"},
		"too many bytes": {w.put("large.tiff", asTIFF(picture(2000, 1300, 1))).Ref, "too_large",
			"at most 10000000 are taken"},
		"too many pixels": {w.put("wide.png", asPNG(image.NewGray(image.Rect(0, 0, 4000, 3000)))).Ref, "too_large",
			"4000 × 3000 pixels; at most 10 million"},
		"a picture cut off": {w.put("cut.jpg", asJPEG(picture(60, 60, 1))[:900]).Ref, "invalid",
			"The file is cut off."},
		"a picture of nothing": {w.put("empty.png", nil).Ref, "invalid", "The file is empty."},
	} {
		_, toSharePoint := w.since(func() {
			_, err := w.service.Edit(t.Context(), w.adele, i.Ref, i.Tag, marked(c.logo), library.Save{})
			f := fault.From(err)
			if f == nil || !strings.Contains(c.kinds, string(f.Kind)) || !strings.Contains(f.Message, c.says) ||
				f.Field != "/recipe/steps/1/image" ||
				!strings.HasPrefix(f.Message, "A picture that the recipe needs cannot be used. ") {
				t.Errorf("%s: %v, want one of %s with %q", name, err, c.kinds, c.says)
			}
			_, err = w.service.Preview(t.Context(), w.adele, i.Ref, marked(c.logo), 40)
			if p := fault.From(err); p == nil || f == nil || p.Message != f.Message || p.Field != f.Field {
				t.Errorf("%s: a preview says %v", name, err)
			}
			_, err = w.service.Explain(t.Context(), w.adele, i.Ref, marked(c.logo))
			if p := fault.From(err); p == nil || f == nil || p.Message != f.Message || p.Field != f.Field {
				t.Errorf("%s: explained as %v", name, err)
			}
		})
		for _, call := range toSharePoint {
			if strings.Contains(name, "too many bytes") {
				t.Errorf("%s: %s was read", name, call.Path)
			}
		}
	}
	if w.versions(i.Ref) != 1 || w.item(i.Ref).Tag != i.Tag {
		t.Error("something was saved")
	}
	_, err := w.service.Edit(t.Context(), w.alex, i.Ref, i.Tag, marked(colleagues), library.Save{})
	if f := fault.From(err); f == nil || f.Field != "" {
		t.Errorf("who may see the logo and not the picture: %v", err)
	}
}
