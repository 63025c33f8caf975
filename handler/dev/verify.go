package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // the formats that photographs of the user's own may have
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"math"
	"os"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/stack"
)

// verify looks at what the library really holds, and not at what the program says it did: each edited
// photograph has exactly one new version of the right size, made by the user, and its first version is still
// the file that was uploaded; all others are untouched.
func verify(s *stack.Stack, site graph.Site, items []stack.Item, pictures []photos.Photo) ([]row, int, error) {
	byName := map[string]stack.Item{}
	for _, item := range items {
		if _, twice := byName[item.Name]; twice {
			return nil, 0, fmt.Errorf("verification: %s has two results", item.Name)
		}
		byName[item.Name] = item
	}
	var rows []row
	newOnes := 0
	for _, picture := range pictures {
		item, ok := byName[picture.Name]
		if !ok {
			return nil, 0, fmt.Errorf("verification: %s has no result", picture.Name)
		}
		versions, err := s.Sandbox.Graph.Versions(site.DriveID, item.ItemID)
		if err != nil {
			return nil, 0, fmt.Errorf("verification: %s: %w", picture.Name, err)
		}
		r := row{
			name:     picture.Name,
			item:     item,
			versions: len(versions),
			after:    versions[0],
			before:   versions[len(versions)-1],
		}
		newOnes += len(versions) - 1
		r.fault = r.check(s, picture)
		rows = append(rows, r)
	}
	return rows, newOnes, nil
}

func (r row) check(s *stack.Stack, picture photos.Photo) error {
	original, err := os.ReadFile(picture.Path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(original)
	if r.before.SHA256 != hex.EncodeToString(sum[:]) {
		return errors.New("the first version is not the file that was uploaded")
	}
	want := 1
	if r.item.State == "edited" {
		want = 2
	}
	if r.versions != want {
		return fmt.Errorf("%s, but it has %d versions instead of %d", r.item.State, r.versions, want)
	}
	if r.item.State != "edited" {
		return nil
	}
	if r.after.By != s.Scene.Adele.ID && r.after.By != s.Scene.Adele.UPN {
		return fmt.Errorf("the new version was made by %s", r.after.By)
	}
	edited, err := content(s, r.item, r.after.ID)
	if err != nil {
		return err
	}
	decoded, _, err := image.Decode(bytes.NewReader(edited))
	if err != nil {
		return fmt.Errorf("the new version cannot be decoded: %w", err)
	}
	return r.checkSize(picture, decoded.Bounds().Size())
}

// checkSize compares the new picture with the law of the recipe: the longest side is at most 1600 px, the
// shape that of the upright original.
func (r row) checkSize(picture photos.Photo, got image.Point) error {
	if r.item.After == nil || r.item.Before == nil || got.X != r.item.After.Width || got.Y != r.item.After.Height {
		return fmt.Errorf("the new version has %d×%d pixels, not what the result says", got.X, got.Y)
	}
	width, height := r.item.Before.Width, r.item.Before.Height
	if picture.Width > 0 && (picture.Width != width || picture.Height != height) { // drawn: its size is known
		return fmt.Errorf("the original is %d×%d upright, the result says %d×%d", picture.Width, picture.Height, width,
			height)
	}
	scale := math.Min(1, float64(side)/float64(max(width, height)))
	if math.Abs(float64(width)*scale-float64(got.X)) > 1 || math.Abs(float64(height)*scale-float64(got.Y)) > 1 {
		return fmt.Errorf("%d×%d became %d×%d", width, height, got.X, got.Y)
	}
	return nil
}

func content(s *stack.Stack, item stack.Item, version string) ([]byte, error) {
	reader, err := s.Sandbox.Graph.Content(item.DriveID, item.ItemID, version)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// verdict is nil if every photograph came out as it should.
func (o *outcome) verdict() error {
	bad := 0
	for _, r := range o.rows {
		if r.fault != nil || r.item.State == "failed" || r.item.State == "conflict" || r.item.State == "waiting" {
			bad++
		}
	}
	if bad > 0 || o.job.State != "done" {
		return fmt.Errorf("%d of %d photographs did not come out as they should; the bulk edit is %s", bad, len(o.rows),
			o.job.State)
	}
	return nil
}
