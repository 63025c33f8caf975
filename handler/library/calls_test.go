package library_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"imagepro/handler/library"
)

// callsOf reads the table of docs/graph.md: the calls of Graph and of SharePoint by operation.
func callsOf(t *testing.T) map[string][2]int {
	t.Helper()
	page, err := os.ReadFile("../docs/graph.md")
	must(t, err)
	all := map[string][2]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z][^|]*) \| (\d+) \| (\d+) \|`).FindAllStringSubmatch(
		string(page), -1) {
		toGraph, _ := strconv.Atoi(row[2])
		toSharePoint, _ := strconv.Atoi(row[3])
		all[row[1]] = [2]int{toGraph, toSharePoint}
	}
	return all
}

func TestEachOperationMakesTheCallsThatThePageTells(t *testing.T) {
	t.Parallel()
	w := openAlone(t)
	w.later = time.Minute // no file was changed just now, however busy the machine is
	ctx, who := t.Context(), w.adele
	w.put("a.jpg", asJPEG(picture(40, 30, 1)))
	i := w.put("a.jpg", asJPEG(picture(50, 30, 2)))
	w.put("old.jpg", asJPEG(picture(40, 30, 1)))
	old := w.put("old.jpg", asJPEG(picture(50, 30, 2)))
	large := w.put("large.tiff", asTIFF(picture(10, 10, 1)))
	largeContent := asTIFF(picture(2500, 2500, 2))
	taken := w.put("taken-edited.jpg", asJPEG(picture(40, 30, 1)))
	source := w.put("taken.jpg", asJPEG(picture(40, 30, 1)))
	plain, logo := w.put("plain.jpg", asJPEG(picture(40, 30, 3))), w.put("logo.png", redPNG(8)).Ref
	listing := library.Query{Listing: library.Listing{
		Folder:     w.root(),
		By:         library.ByName,
		Limit:      100,
		Thumbnails: true,
	}}
	_, history, err := w.service.History(ctx, who, old.Ref)
	must(t, err)
	first := history[len(history)-1].ID
	read := func(stream io.ReadCloser, err error) error {
		if err != nil {
			return err
		}
		defer func() { _ = stream.Close() }()
		_, err = io.Copy(io.Discard, stream)
		return err
	}
	edit := func(ref library.Ref, save library.Save) error {
		_, err := w.service.Edit(ctx, who, ref, w.item(ref).Tag, small, save)
		return err
	}
	operations := map[string]func() error{
		"find sites":                func() error { _, err := w.service.Sites(ctx, who, "site", ""); return err },
		"find a site by an address": func() error { _, err := w.service.SiteAt(ctx, who, w.site.WebURL); return err },
		"list libraries":            func() error { _, err := w.service.Drives(ctx, who, w.site.ID, ""); return err },
		"list a folder":             func() error { _, _, err := w.service.List(ctx, who, listing); return err },
		"list a folder by another order": func() error {
			bySize := listing
			bySize.By = library.BySize
			_, _, err := w.service.List(ctx, who, bySize)
			return err
		},
		"list changes": func() error {
			_, _, err := w.service.Changes(ctx, who, w.site.DriveID, "", false)
			return err
		},
		"show a file": func() error { _, err := w.service.Item(ctx, who, i.Ref); return err },
		"show what a picture says of itself": func() error {
			_, _, err := w.service.About(ctx, who, i.Ref)
			return err
		},
		"give a thumbnail": func() error { _, err := w.service.Thumbnail(ctx, who, i.Ref, "small"); return err },
		"give a content": func() error {
			file, err := w.service.File(ctx, who, i.Ref)
			must(t, err)
			return read(w.service.Open(ctx, who, file, library.Span{From: 3, Length: 100}))
		},
		"preview an edit": func() error { _, err := w.service.Preview(ctx, who, i.Ref, flip, 100); return err },
		"save the editor's picture": func() error {
			_, err := w.service.Replace(ctx, who, taken.Ref, taken.Tag, "image/jpeg", -1,
				bytes.NewReader(asJPEG(picture(9, 9, 9))))
			return err
		},
		"save the editor's picture of 25 MB": func() error {
			_, err := w.service.Replace(ctx, who, large.Ref, large.Tag, "image/tiff", -1, bytes.NewReader(largeContent))
			return err
		},
		"list 2 versions": func() error { _, _, err := w.service.History(ctx, who, old.Ref); return err },
		"give the content of a version": func() error {
			file, v, err := w.service.Version(ctx, who, old.Ref, first)
			must(t, err)
			return read(w.service.OpenVersion(ctx, who, file, v, library.Span{Length: v.Size}))
		},
		"give a thumbnail of a version": func() error {
			_, err := w.service.VersionThumbnail(ctx, who, old.Ref, first, "small")
			return err
		},
		"change what is said of a picture": func() error {
			_, err := w.service.Describe(ctx, who, plain.Ref, "", library.Changes{AltText: ptr("a beach")})
			return err
		},
		"compare two versions": func() error { _, _, err := w.service.Compare(ctx, who, old.Ref, "", ""); return err },
	}
	documented := callsOf(t)
	measure := func(name string, work func() error, free int) {
		t.Helper()
		toGraph, toSharePoint := w.since(func() {
			if err := work(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		got := [2]int{len(toGraph) - free, len(toSharePoint)}
		if want, ok := documented[name]; !ok || got != want {
			t.Errorf("%s makes %v calls (Graph, SharePoint), the page tells %v (%t)", name, got, want, ok)
		}
		delete(documented, name)
	}
	for _, name := range []string{ // those that change nothing first
		"find sites", "find a site by an address", "list libraries", "list a folder", "list a folder by another order",
		"list changes",
		"show a file", "change what is said of a picture", "show what a picture says of itself", "give a thumbnail",
		"give a content", "preview an edit", "list 2 versions",
		"give the content of a version", "give a thumbnail of a version", "compare two versions",
		"save the editor's picture", "save the editor's picture of 25 MB",
	} {
		measure(name, operations[name], 0)
	}
	const itsTag = 1 // edit reads the tag
	measure("edit and save a new version", func() error { return edit(i.Ref, library.Save{}) }, itsTag)
	measure("edit and save a copy", func() error { return edit(i.Ref, library.Save{Target: library.Copy}) }, itsTag)
	measure("edit and replace the file of that name", func() error {
		return edit(source.Ref, library.Save{Target: library.Copy, OnConflict: library.Replace})
	}, itsTag)
	measure("edit with a picture of a library", func() error {
		_, err := w.service.Edit(ctx, who, plain.Ref, plain.Tag, marked(logo), library.Save{})
		return err
	}, 0)
	measure("restore a version", func() error {
		_, err := w.service.Restore(ctx, who, old.Ref, old.Tag, first)
		return err
	}, 0)

	u := w.Graph.Unkindness()
	u.PromoteMax = 1 << 60
	w.Graph.SetUnkindness(u)
	for n := range 3 {
		w.put(fmt.Sprintf("new/%d.jpg", n), asJPEG(picture(40, 30, uint8(n))))
	}
	listing.Folder.Item = w.item(w.put("new/0.jpg", asJPEG(picture(40, 30, 9))).Ref).Parent
	measure("list a folder of 3 new pictures", func() error {
		_, _, err := w.service.List(ctx, who, listing)
		return err
	}, 0)
	for name := range documented {
		t.Errorf("the page tells of %q, which is not measured", name)
	}
}

// Paging while others write may miss or repeat what they change, and nothing else.
func TestALargeFolderCostsACallForEachPageWhileOthersWrite(t *testing.T) {
	t.Parallel()
	w := open(t)
	const count, limit = 5000, 500
	content := asJPEG(picture(8, 8, 1))
	for n := range count {
		if _, err := w.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%05d.jpg", n), bytes.NewReader(content),
			w.scene.Adele.ID); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := w.Graph.PutFile(w.site.DriveID, fmt.Sprintf("%05d new %d.jpg", n*37%count, n),
				bytes.NewReader(content), w.scene.Adele.ID); err != nil {
				t.Error(err)
				return
			}
		}
	})
	seen := map[string]int{}
	pages, files := 0, 0
	toGraph, toSharePoint := w.since(func() {
		q := library.Query{Listing: library.Listing{Folder: w.root(), By: library.ByName, Limit: limit}}
		for {
			page, _, err := w.service.List(t.Context(), w.adele, q)
			must(t, err)
			pages++
			for _, i := range page.Entries {
				seen[i.Name]++
				files++
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
	})
	close(stop)
	wg.Wait()
	if len(toGraph) != pages || len(toSharePoint) != 0 || pages > (files+limit-1)/limit {
		t.Errorf("%d calls of Graph and %d of SharePoint for %d pages of %d files", len(toGraph), len(toSharePoint),
			pages, files)
	}
	for n := range count {
		if name := fmt.Sprintf("%05d.jpg", n); seen[name] != 1 {
			t.Fatalf("%s came %d times", name, seen[name])
		}
	}
	if files == count {
		t.Error("nobody wrote meanwhile")
	}
}
