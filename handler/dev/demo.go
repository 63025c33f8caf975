package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sheet"
	"imagepro/handler/dev/stack"
)

// side is the longest side, in pixels, that the demo's recipe leaves.
const side = 1600

// demoRecipe is what the demo does to every photograph.
var demoRecipe = json.RawMessage(`{
  "version": 1,
  "name": "Smaller, fresher, signed",
  "steps": [
    {"op": "resize", "fit": "inside", "width": 1600, "height": 1600, "withoutEnlargement": true},
    {"op": "adjust", "brightness": 4, "contrast": 8, "saturation": 12},
    {"op": "sharpen", "sigma": 0.8, "amount": 0.6},
    {"op": "text", "text": "© Contoso {year}", "size": "3%", "color": "#ffffffcc", "gravity": "southeast"}
  ],
  "output": {"format": "keep", "quality": 85}
}`)

// outcome is what the demo found.
type outcome struct {
	rows    []row
	took    time.Duration
	sheet   string
	job     stack.Job
	site    graph.Site
	newOnes int // new versions
}

// row is one photograph before and after.
type row struct {
	name          string
	item          stack.Item
	before, after graph.Version
	versions      int
	fault         error // of the verification
}

// demo puts the photographs into a library, has them edited as its user would, and checks every one.
func demo(ctx context.Context, s *stack.Stack, pictures []photos.Photo, o options) (*outcome, error) {
	site, err := s.Sandbox.Graph.AddSite(s.Scene.Contoso.ID, "Photographs", s.Scene.Adele.ID)
	if err != nil {
		return nil, err
	}
	for _, picture := range pictures {
		if err := upload(s, site, picture); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(o.stdout, "%s has %d photographs in %s/%s\n", s.Scene.Adele.Name, len(pictures), site.WebURL, folder)
	tab, err := s.Tab(s.Scene.Adele)
	if err != nil {
		return nil, err
	}
	top, err := s.Sandbox.Graph.Item(site.DriveID, folder)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	job, err := tab.Submit(ctx, map[string]any{
		"source": map[string]any{
			"folder": map[string]any{"driveId": site.DriveID, "itemId": top.ID, "recursive": true}},
		"recipe": demoRecipe,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the bulk edit: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, demoTime(len(pictures)))
	defer cancel()
	progress := newProgress(o.stdout)
	killed := !o.kill
	job, err = tab.Wait(ctx, job.ID, 250*time.Millisecond, func(j stack.Job) {
		progress.show(j)
		if !killed && j.Counts.Planned > 0 && j.Counts.Waiting <= j.Counts.Planned/2 {
			killed = true
			progress.note("killing the handler (SIGKILL)")
			_ = s.KillHandler()
		}
	})
	took := time.Since(begin)
	progress.end()
	if err != nil {
		return nil, err
	}
	result := &outcome{took: took, job: job, site: site}
	items, err := tab.Items(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	if result.rows, result.newOnes, err = verify(s, site, items, pictures); err != nil {
		return nil, err
	}
	result.table(o.stdout)
	result.sheet = filepath.Join(o.out, "before-after.png")
	if err := writeSheet(s, result); err != nil {
		return nil, err
	}
	if absolute, err := filepath.Abs(result.sheet); err == nil {
		fmt.Fprintln(o.stdout, "before and after:", absolute)
	}
	fmt.Fprintln(o.stdout, result.line())
	return result, nil
}

// demoTime is how long so many photographs may take: enough for the host to bring back a message that nobody
// finished, ten minutes after it was taken.
func demoTime(photographs int) time.Duration {
	return 15*time.Minute + time.Duration(photographs)*10*time.Second
}

// folder is where the photographs lie in the library.
const folder = "Summer fair"

func upload(s *stack.Stack, site graph.Site, picture photos.Photo) error {
	file, err := os.Open(picture.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = s.Sandbox.Graph.PutFile(site.DriveID, folder+"/"+picture.Name, file, s.Scene.Adele.ID)
	return err
}

func writeSheet(s *stack.Stack, o *outcome) error {
	if err := os.MkdirAll(filepath.Dir(o.sheet), 0o755); err != nil {
		return err
	}
	var pairs []sheet.Pair
	for _, r := range o.rows {
		if r.item.State != "edited" || len(pairs) == sheet.MostPairs {
			continue
		}
		before, err := content(s, r.item, r.before.ID)
		if err != nil {
			return err
		}
		after, err := content(s, r.item, r.after.ID)
		if err != nil {
			return err
		}
		pairs = append(pairs, sheet.Pair{Name: r.name, Before: before, After: after, Note: r.note()})
	}
	if len(pairs) == 0 {
		return nil
	}
	title := fmt.Sprintf("Image Pro: %d photographs, one recipe", len(o.rows))
	return sheet.Write(o.sheet, title, pairs)
}
