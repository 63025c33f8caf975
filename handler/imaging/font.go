package imaging

import (
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"imagepro/handler/recipe"
)

// face reads the Go fonts (Latin, Greek, Cyrillic), which are free to embed. All measures are in ems, where
// the font size is one em; sizes come in when lines are laid out, so that no size overflows the 26.6 numbers
// of sfnt.
type face struct {
	font *sfnt.Font
	buf  sfnt.Buffer
	em   fixed.Int26_6 // as pixels per em; sfnt then answers in font units
	upem float64
}

func openFace(bold, italic bool) (*face, error) {
	data := goregular.TTF
	switch {
	case bold && italic:
		data = gobolditalic.TTF
	case bold:
		data = gobold.TTF
	case italic:
		data = goitalic.TTF
	}
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, err
	}
	return &face{font: f, em: fixed.Int26_6(f.UnitsPerEm()), upem: float64(f.UnitsPerEm())}, nil
}

// glyph returns the glyph of a character; missing says that the font has none and the glyph is an empty box.
func (f *face) glyph(r rune) (g sfnt.GlyphIndex, missing bool) {
	g, err := f.font.GlyphIndex(&f.buf, r)
	return g, err != nil || g == 0
}

// advance returns how far a glyph moves the pen, with its kerning after the one before.
func (f *face) advance(before, g sfnt.GlyphIndex) float64 {
	width, err := f.font.GlyphAdvance(&f.buf, g, f.em, font.HintingNone)
	if err != nil {
		return 0
	}
	if before != 0 {
		if kern, err := f.font.Kern(&f.buf, before, g, f.em, font.HintingNone); err == nil {
			width += kern
		}
	}
	return float64(width) / f.upem
}

// heights returns how far the font reaches above and below the baseline.
func (f *face) heights() (ascent, descent float64) {
	m, err := f.font.Metrics(&f.buf, f.em, font.HintingNone)
	if err != nil {
		return 0.94, 0.21 // those of the Go fonts
	}
	return float64(m.Ascent) / f.upem, float64(m.Descent) / f.upem
}

// layout is a text in lines. Coordinates start at the upper left corner of the text, without margins.
type layout struct {
	size          float64 // of the font, in pixels
	glyphs        []placedGlyph
	lines         []textLine
	width, height float64
}

// textLine is a line of a text.
type textLine struct {
	x, baseline, width float64 // pixels
	end                int     // the index after its last glyph
}

// placedGlyph is a glyph with its point on the baseline.
type placedGlyph struct {
	index sfnt.GlyphIndex
	x, y  float64
}

// layout wraps a text at a width and places its glyphs. The font has all of them; see lacking.
func (f *face) layout(text string, size, room, lineHeight float64, align recipe.Align) layout {
	var lines []string
	for paragraph := range strings.SplitSeq(normalized(text), "\n") {
		lines = append(lines, f.wrap(paragraph, room/size)...)
	}
	ascent, descent := f.heights()
	l := layout{size: size, height: float64(len(lines)) * lineHeight * size}
	for i, line := range lines {
		baseline := (float64(i)*lineHeight + (lineHeight-ascent-descent)/2 + ascent) * size
		before, x := sfnt.GlyphIndex(0), 0.0
		for _, r := range line {
			g, _ := f.glyph(r)
			step := f.advance(before, g)
			alone := f.advance(0, g)
			l.glyphs = append(l.glyphs, placedGlyph{g, (x + step - alone) * size, baseline})
			x, before = x+step, g
		}
		l.lines = append(l.lines, textLine{width: x * size, baseline: baseline, end: len(l.glyphs)})
		l.width = max(l.width, x*size)
	}
	l.align(align)
	return l
}

// align moves each line with its glyphs.
func (l *layout) align(a recipe.Align) {
	start := 0
	for i, line := range l.lines {
		space := l.width - line.width
		switch a {
		case recipe.AlignLeft:
			space = 0
		case recipe.AlignCenter:
			space /= 2
		}
		l.lines[i].x = space
		for j := range l.glyphs[start:line.end] {
			l.glyphs[start+j].x += space
		}
		start = line.end
	}
}

// Where the line under a text is, and how thick, in font sizes: as fabric draws it (its object's underline).
const (
	underlineDrop  = 0.1
	underlineThick = 1.0 / 15
)

// underlines returns a bar under each line that has letters, with the text's corner at a point.
func (l layout) underlines(x, y float64) []contour {
	var bars []contour
	for _, line := range l.lines {
		if line.width > 0 {
			bars = append(
				bars, roundedBox(x+line.x, y+line.baseline+underlineDrop*l.size, line.width, underlineThick*l.size, 0))
		}
	}
	return bars
}

// wrap breaks a paragraph into lines of at most a width in ems, between words, and within a word that is
// wider than a line.
func (f *face) wrap(paragraph string, room float64) []string {
	var lines []string
	line, last, x := "", sfnt.GlyphIndex(0), 0.0 // last and x are the line's last glyph and its width
	for word := range strings.FieldsFuncSeq(paragraph, func(r rune) bool { return r == ' ' }) {
		for head := f.fitting(word, room); head < len(word); head = f.fitting(word, room) {
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			lines = append(lines, word[:head])
			word = word[head:]
		}
		if line != "" {
			after, width := f.run(last, x, " "+word)
			if width <= room {
				line, last, x = line+" "+word, after, width
				continue
			}
			lines = append(lines, line)
		}
		line = word
		last, x = f.run(0, 0, word)
	}
	return append(lines, line)
}

// run returns the last glyph and the width in ems of a line after a text was added to it.
func (f *face) run(last sfnt.GlyphIndex, width float64, text string) (sfnt.GlyphIndex, float64) {
	for _, r := range text {
		g, _ := f.glyph(r)
		width += f.advance(last, g)
		last = g
	}
	return last, width
}

// fitting returns the bytes of the longest start of a word that fits; at least one character.
func (f *face) fitting(word string, room float64) int {
	before, sum := sfnt.GlyphIndex(0), 0.0
	for i, r := range word {
		g, _ := f.glyph(r)
		sum += f.advance(before, g)
		if sum > room && i > 0 {
			return i
		}
		before = g
	}
	return len(word)
}

func ceil(x float64) int { return int(math.Ceil(x)) }
