// Package sheet draws a contact sheet of pictures before and after an edit, for people to look at.
//
// It does not know what the edit was: it shows two files and repeats a note about them.
package sheet

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"sync"
)

// Pair is a picture before and after an edit.
type Pair struct {
	Name          string
	Before, After []byte // image files: JPEG, PNG, GIF, BMP, TIFF or WebP
	Note          string // one line, such as sizes before and after
}

// MostPairs is how many pairs a sheet shows; of others it only gives the number.
const MostPairs = 24

// The layout, in pixels.
const (
	width   = 1600
	margin  = 56
	gutter  = 28 // between cards
	header  = 148
	footer  = 64
	columns = 2

	cardWidth  = (width - 2*margin - (columns-1)*gutter) / columns
	padding    = 20
	between    = 40 // before and after
	frameWidth = (cardWidth - 2*padding - between) / 2
	// A frame has the proportions of most photographs, 4:3.
	frameHeight = frameWidth * 3 / 4
	captions    = 62
	cardHeight  = padding + frameHeight + captions + padding - 6
)

// Write writes a sheet of the pairs as a PNG file, 1600 pixels wide. A picture that cannot be decoded, or
// is missing, leaves a frame that says so. Pictures are shown upright, as their EXIF orientation tells.
func Write(path string, title string, pairs []Pair) error {
	p, err := compose(title, pairs)
	if err != nil {
		return fmt.Errorf("drawing a contact sheet: %w", err)
	}
	return p.save(path)
}

// compose draws the sheet.
func compose(title string, pairs []Pair) (*page, error) {
	shown := pairs[:min(len(pairs), MostPairs)]
	rows := (len(shown) + columns - 1) / columns
	height := header + rows*(cardHeight+gutter) + footer
	p, err := newPage(width, height)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.text(p.fonts.title, ink, margin, 78, width-2*margin, title)
	p.text(p.fonts.note, pale, margin, 112, width-2*margin, count(len(pairs))+", before and after")
	p.cards(shown)
	if more := len(pairs) - len(shown); more > 0 {
		p.text(p.fonts.name, pale, margin, height-footer+14, width-2*margin, fmt.Sprintf("and %d more", more))
	}
	return p, nil
}

// cards draws the cards in rows, one after another: at most two pictures are decoded at a time.
func (p *page) cards(pairs []Pair) {
	for i, pair := range pairs {
		x := margin + i%columns*(cardWidth+gutter)
		y := header + i/columns*(cardHeight+gutter)
		p.card(image.Pt(x, y), pair)
	}
}

func count(pictures int) string {
	if pictures == 1 {
		return "1 picture"
	}
	return fmt.Sprintf("%d pictures", pictures)
}

func (p *page) card(at image.Point, pair Pair) {
	whole := image.Rectangle{at, at.Add(image.Pt(cardWidth, cardHeight))}
	p.raise(whole, 14)
	before := image.Rect(0, 0, frameWidth, frameHeight).Add(at).Add(image.Pt(padding, padding))
	after := before.Add(image.Pt(frameWidth+between, 0))
	frames := [2]frame{{area: before, file: pair.Before}, {area: after, file: pair.After}}
	var group sync.WaitGroup
	for i := range frames {
		group.Go(frames[i].decode)
	}
	group.Wait()
	for _, f := range frames {
		p.frame(f)
	}
	p.arrow(before.Max.X+between/2, (before.Min.Y+before.Max.Y)/2)
	room := cardWidth - 2*padding
	p.text(p.fonts.name, ink, before.Min.X, before.Max.Y+34, room, pair.Name)
	p.text(p.fonts.note, pale, before.Min.X, before.Max.Y+59, room, pair.Note)
}

// frame is where a picture is shown, or what is said in its place.
type frame struct {
	area  image.Rectangle
	file  []byte
	small *image.RGBA
	err   error
}

func (f *frame) decode() { f.small, f.err = decode(f.file, f.area.Dx(), f.area.Dy()) }

func (p *page) frame(f frame) {
	r, pic := f.area, f.small
	p.round(r, 8, backdrop)
	if f.err != nil {
		p.centred(p.fonts.note, pale, r, f.err.Error())
		return
	}
	b := pic.Bounds()
	place := image.Rectangle{Max: b.Size()}.Add(r.Min).Add(image.Pt((r.Dx()-b.Dx())/2, (r.Dy()-b.Dy())/2))
	mask := roundMask(place.Size(), 6, 1)
	if !pic.Opaque() {
		draw.DrawMask(p.img, place, checkers{}, image.Point{}, mask, image.Point{}, draw.Over)
	}
	draw.DrawMask(p.img, place, pic, b.Min, mask, image.Point{}, draw.Over)
}

func (p *page) save(path string) error {
	var out bytes.Buffer
	if err := png.Encode(&out, p.img); err != nil {
		return fmt.Errorf("writing a contact sheet: %w", err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing a contact sheet: %w", err)
	}
	return nil
}
