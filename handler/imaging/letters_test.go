package imaging_test

import (
	"bytes"
	"encoding/json"
	"image/color"
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// writing is a recipe that writes a text.
func writing(text string) string {
	quoted, _ := json.Marshal(text) // a text can be written
	return `{"version":1,"steps":[{"op":"flip","axis":"horizontal"},{"op":"text","text":` + string(quoted) +
		`,"size":24}]}`
}

func TestLettersThatTheFontHasNotAreRefusedByName(t *testing.T) {
	t.Parallel()
	src := asPNG(t, plain(200, 80, color.NRGBA{40, 90, 160, 255}))
	for text, want := range map[string]string{
		"你好 Summer 你": "你 好",
		"مرحبا":       "م ر ح ب ا",
		"שלום":        "ש ל ו ם",
		"नमस्ते":      "न म स ◌् त ◌े",
		"สวัสดี":      "ส ว ◌ั ด ◌ี",
		"party 🎉":     "🎉",
		"100 ₹":       "₹",
		"Việt":        "ệ",
		"x\u030c":     "◌\u030c", // no composed form
		"A\ufffdB":    "\ufffd",  // a text that was broken on its way
	} {
		_, err := imaging.Edit(t.Context(), src, parse(t, writing(text)), imaging.Options{})
		f := fault.From(err)
		if err == nil || f.Kind != fault.Unsupported || f.Field != "/steps/1/text" ||
			f.Message != "The font has no such letters: "+want {
			t.Errorf("%s: %v at %s", text, err, f.Field)
		}
		if f := fault.From(imaging.CheckLetters(parse(t, writing(text)))); f == nil || f.Field != "/steps/1/text" ||
			!strings.HasSuffix(f.Message, want) {
			t.Errorf("%s: CheckLetters says %v", text, f)
		}
	}
	many := ""
	for r := rune(0x4e00); r < 0x4e00+30; r++ {
		many += string(r)
	}
	if f := fault.From(imaging.CheckLetters(parse(t, writing(many)))); strings.Count(f.Message, " ") > 26 ||
		!strings.HasSuffix(f.Message, " …") {
		t.Errorf("thirty letters: %s", f.Message)
	}
	for _, style := range []string{`"bold":true`, `"italic":true`, `"bold":true,"italic":true`} {
		r := parse(t, `{"version":1,"steps":[{"op":"text","text":"你",`+style+`}]}`)
		if err := imaging.CheckLetters(r); !fault.Is(err, fault.Unsupported) {
			t.Errorf("%s: %v", style, err)
		}
	}
	conditional := parse(t, `{"version":1,"steps":[{"op":"text","text":"你","when":{"minWidth":99999}}]}`)
	if err := imaging.CheckLetters(conditional); !fault.Is(err, fault.Unsupported) {
		t.Errorf("under a condition: %v", err)
	}
}

func TestWhatAPlaceholderStandsForIsRefusedWithThePicture(t *testing.T) {
	t.Parallel()
	src := asPNG(t, plain(200, 80, color.NRGBA{40, 90, 160, 255}))
	r := parse(t, `{"version":1,"steps":[{"op":"text","text":"{name} {year}","size":24}]}`)
	if err := imaging.CheckLetters(r); err != nil {
		t.Errorf("without a picture: %v", err)
	}
	o := imaging.Options{Name: "海.png", Time: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	_, err := imaging.Edit(t.Context(), src, r, o)
	if f := fault.From(err); err == nil || f.Kind != fault.Unsupported || f.Field != "/steps/0/text" ||
		!strings.HasSuffix(f.Message, ": 海") {
		t.Errorf("got %v", err)
	}
	if _, err := imaging.Explain(src, r, o); !fault.Is(err, fault.Unsupported) {
		t.Errorf("explained: %v", err)
	}
}

// Names from Macs are decomposed, and editors leave characters that have no shape.
func TestTextsThatLookTheSameAreDrawnTheSame(t *testing.T) {
	t.Parallel()
	src := asPNG(t, plain(300, 80, color.NRGBA{40, 90, 160, 255}))
	draw := func(text string) []byte { return edit(t, src, writing(text)).Data }
	for name, c := range map[string]struct{ text, as string }{
		"decomposed accents":  {"Gru\u0308ße é", "Grüße \u00e9"},
		"variation selectors": {"♥\ufe0f a\ufe00", "♥ a"},
		"zero width":          {"a\u200bb\u200cc\u200dd\u2060e\ufefff", "abcdef"},
		"directional marks":   {"\u200ea\u200fb\u202ac\u202cd\u2066e\u2069\u061c", "abcde"},
		"soft hyphens":        {"Som\u00admer", "Sommer"},
		"hard hyphens":        {"a\u2011b\u2010c", "a-b-c"},
		"spaces":              {"a\u2009b\u3000c\td", "a b c d"},
		"narrow hard spaces":  {"a\u202fb", "a\u00a0b"},
		"line separators":     {"a\u2028b\r\nc\u2029d", "a\nb\nc\nd"},
		"control characters":  {"a\u0007b\u009fc", "abc"},
		"tags and fillers":    {"a\U000e0041b\u3164c", "abc"},
	} {
		if !bytes.Equal(draw(c.text), draw(c.as)) {
			t.Errorf("%s: %q is not drawn as %q", name, c.text, c.as)
		}
	}
	if bytes.Equal(draw("Grüße"), draw("Grusse")) {
		t.Error("the texts are not drawn at all")
	}
}

func TestTheLettersAreThoseThatAreDrawn(t *testing.T) {
	t.Parallel()
	ranges, err := imaging.Letters()
	if err != nil {
		t.Fatal(err)
	}
	has := func(r rune) bool {
		for _, one := range ranges {
			if one.First <= r && r <= one.Last {
				return true
			}
		}
		return false
	}
	for _, text := range []string{"Az09", "äéñßğž", "ΑΩλ", "Жя", "€–…“", "\u200b\ufe0f\u2011\n\t"} {
		for _, r := range text {
			if !has(r) {
				t.Errorf("%U is not among them", r)
			}
		}
	}
	for n := 1; n < len(ranges); n++ {
		if ranges[n].First <= ranges[n-1].Last+1 {
			t.Errorf("the ranges %v and %v touch", ranges[n-1], ranges[n])
		}
	}
	for r := rune(0x20); r < 0x3000; r++ { // as CheckLetters says
		if r == '{' || r == '}' || strings.TrimSpace(string(r)) == "" {
			continue
		}
		if err := imaging.CheckLetters(parse(t, writing("a "+string(r)))); (err == nil) != has(r) {
			t.Errorf("%U: %v, among the letters %v", r, err, has(r))
		}
	}
}
