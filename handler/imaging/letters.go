package imaging

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// normalized returns a text as it is drawn: composed (NFC), without what nobody sees, in lines that "\n" separates.
func normalized(text string) string {
	text = norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n"))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\u00a0', r == '\u2007', r == '\u202f':
			return '\u00a0'
		case r == '\u2010', r == '\u2011':
			return '-'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), ignorable(r):
			return -1
		}
		return r
	}, text)
}

// ignorable reports whether a character has no shape of its own: Unicode's Default_Ignorable_Code_Point (UAX 44), which
// holds variation selectors, joiners, directional marks and soft hyphens.
func ignorable(r rune) bool {
	if unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return true
	}
	annotation := 0xfff9 <= r && r <= 0xfffb
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) && !annotation
}

// CheckLetters fails with Unsupported, at the step's text, if a text of the recipe has letters that cannot be drawn.
// What placeholders stand for is known only with a picture, and checked then.
func CheckLetters(r *recipe.Recipe) error {
	for i, step := range r.Steps {
		if when, ok := step.(recipe.When); ok {
			step = when.Step
		}
		text, ok := step.(recipe.Text)
		if !ok {
			continue
		}
		face, err := openFace(text.Bold, text.Italic)
		if err != nil {
			return noFont(err)
		}
		if f := face.lacking(recipe.Expand(text.Text, func(string) string { return "" })); f != nil {
			return f.At("/steps/" + strconv.Itoa(i) + f.Field)
		}
	}
	return nil
}

func noFont(err error) error { return fault.New(fault.Internal, "The font could not be read.", err) }

// draws reports whether the face has a glyph for a character of a normalized text. That of the replacement character
// is none: it stands where a text was broken.
func (f *face) draws(r rune) bool {
	_, missing := f.glyph(r)
	return !missing && r != unicode.ReplacementChar || r == '\n'
}

// mostNamed is how many letters a fault names.
const mostNamed = 20

// lacking returns a fault that names the letters of a text that the face has no glyphs for, or nil.
func (f *face) lacking(text string) *fault.Fault {
	var letters []string
	seen := map[rune]bool{}
	for _, r := range normalized(text) {
		if f.draws(r) || seen[r] {
			continue
		}
		seen[r] = true
		letter := string(r)
		if unicode.Is(unicode.M, r) {
			letter = "\u25cc" + letter // on a dotted circle, as marks are shown
		}
		letters = append(letters, letter)
	}
	if len(letters) == 0 {
		return nil
	}
	more := ""
	if len(letters) > mostNamed {
		letters, more = letters[:mostNamed], " …"
	}
	return fault.Newf(fault.Unsupported, "The font has no such letters: %s%s", strings.Join(letters, " "),
		more).At("/text")
}

// LetterRange is a range of characters, both ends included.
type LetterRange struct{ First, Last rune }

// Letters returns the characters that a text may hold once it is composed (NFC): those that every face draws, and those
// that are left out since nobody sees them.
var Letters = sync.OnceValues(func() ([]LetterRange, error) {
	var faces []*face
	for _, style := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		f, err := openFace(style[0], style[1])
		if err != nil {
			return nil, noFont(err)
		}
		faces = append(faces, f)
	}
	lacks := func(r rune) bool {
		return r == utf8.RuneError || slices.ContainsFunc(faces, func(f *face) bool { return !f.draws(r) })
	}
	var ranges []LetterRange
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if strings.ContainsFunc(normalized(string(r)), lacks) { // a surrogate is no character: U+FFFD
			continue
		}
		if n := len(ranges); n > 0 && ranges[n-1].Last == r-1 {
			ranges[n-1].Last = r
		} else {
			ranges = append(ranges, LetterRange{r, r})
		}
	}
	return ranges, nil
})
