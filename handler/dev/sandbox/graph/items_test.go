package graph_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnItemHasTheMembersOfTheDocumentedExample(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.ask(http.StatusCreated, "POST", w.drive+"/root/children",
		map[string]any{"name": "Files", "folder": map[string]any{}})
	r := w.ask(http.StatusCreated, "PUT", w.drive+"/root:/Files/MyPictureFile.png:/content", pngPicture(t, 4, 3))
	for member, pattern := range map[string]string{
		"id":              `^01[A-Z2-7]{32}$`,
		"eTag":            `^"\{[0-9A-F-]{36}\},1"$`,
		"cTag":            `^"c:\{[0-9A-F-]{36}\},2"$`,
		"createdDateTime": `^2026-03-01T12:00:00Z$`,
		"webUrl": `^https://contoso\.sharepoint\.com/sites/Team/` +
			`Shared%20Documents/Files/MyPictureFile\.png$`,
		"@microsoft.graph.downloadUrl": `^http://.*/sites/Team/_layouts/15/download\.aspx\?UniqueId=.*&tempauth=`,
		"@odata.context":               `\$metadata#`,
	} {
		if !regexp.MustCompile(pattern).MatchString(r.text(member)) {
			t.Errorf("%s is %q", member, r.text(member))
		}
	}
	if d := cmp.Diff(map[string]any{}, r.at("image")); d != "" {
		t.Errorf("image is not empty right after the upload: %s", d)
	}
	if r.text("file", "mimeType") != "image/png" || r.text("file", "hashes", "quickXorHash") == "" {
		t.Errorf("file is %v", r.at("file"))
	}
	if got := r.text("parentReference", "path"); got != w.drive+"/root:/Files" {
		t.Errorf("path is %q", got)
	}
	if r.text("createdBy", "user", "id") != ada || r.text("parentReference", "siteId") != w.site.ID {
		t.Errorf("createdBy %v, parent %v", r.at("createdBy"), r.at("parentReference"))
	}
}

func TestAnItemIsReachedByAllFormsOfItsAddress(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("A b/c#d %1.jpg", []byte("x"))
	folder, err := w.Item(w.site.DriveID, "a B")
	if err != nil {
		t.Fatal(err)
	}
	name := "A%20b/c%23d%20%251.jpg"
	encoded := strings.ReplaceAll(w.drive, "!", "%21")
	for _, url := range []string{
		w.drive + "/items/" + it.ID,
		encoded + "/items/" + it.ID,
		w.drive + "/root:/" + name,
		w.drive + "/root:/" + name + ":",
		w.drive + "/root:/" + strings.ToUpper("a") + "%20B/C%23D%20%251.JPG:",
		w.drive + "/items/root:/" + name + ":",
		w.drive + "/items/" + folder.ID + ":/c%23d%20%251.jpg:",
		w.drive + "/items/root%3A%2FA%20b%2Fc%23d%20%251.jpg%3A",
		w.drive + "/items/" + folder.ID + "%3A%2Fc%23d%20%251.jpg%3A",
		"/drives('" + w.site.DriveID + "')/items('" + it.ID + "')",
		"/sites/" + w.site.ID + "/drive/items/" + it.ID,
		"/sites/" + w.site.ID + "/drives/" + w.site.DriveID + "/root:/" + name,
		"/sites/contoso.sharepoint.com:/sites/Team:/drive/root:/" + name,
	} {
		if r := w.ask(http.StatusOK, "GET", url, nil); r.text("id") != it.ID {
			t.Errorf("%s leads to %s", url, r.text("name"))
		}
	}
	w.ask(http.StatusFound, "GET", w.drive+"/items/root%3A%2FA%20b%2Fc%23d%20%251.jpg%3A/content", nil)
	w.ask(http.StatusOK, "GET", w.drive+"/root:/A%20b:/children", nil)
	w.ask(http.StatusNotFound, "GET", w.drive+"/root:/A%20b/none.jpg", nil)
	w.ask(http.StatusNotFound, "GET", w.drive+"/items/01AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", nil)
}
