package naming_test

import (
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/naming"
)

// bulkCopy is what names of a bulk edit's copies may be, beside their images.
var bulkCopy = naming.Allowed{Counter: true}

func TestNamesOfCopies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, name, ending, want string }{
		{"{name}-edited", "beach.jpg", ".jpg", "beach-edited.jpg"},
		{"web {name}", "a.b.PNG", ".png", "web a.b.png"},
		{"{name} small", "no ending", ".jpg", "no ending small.jpg"},
		{"x{name}", ".hidden", ".gif", "x.gif"},
		{"{name} {width}x{height}", "a.jpg", ".jpg", "a 640x480.jpg"},
		{"{year} {date} {name}", "a.jpg", ".jpg", "2026 2026-03-04 a.jpg"},
		{"{name}-{recipe}", "a.jpg", ".jpg", "a-Web small.jpg"},
		{"{name}{hash8}", "{date}.jpg", ".jpg", "{date}01234567.jpg"},
		{"{name} {taken} {title} {creator}", "a.jpg", ".jpg", "a 2024-05-06 The sea unknown.jpg"},
		{"{counter} {counter:1} {counter:5} {name}", "a.jpg", ".jpg", "42 42 00042 a.jpg"},
	} {
		if err := naming.Check(c.pattern, "f", bulkCopy); err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
		facts := naming.Facts{
			Name:   c.name,
			Width:  640,
			Height: 480,
			Time:   time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
			Recipe: " Web/ small\n.",
			Hash:   "0123456789abcdef",
			Number: 42,
			Taken:  "2024-05-06",
			Title:  "The/ sea",
		}
		if got := naming.Of(c.pattern, facts, c.ending); got != c.want {
			t.Errorf("%s of %s = %q, want %q", c.pattern, c.name, got, c.want)
		}
	}
	if got := naming.Numbered("a.b.jpg", 2); got != "a.b 2.jpg" {
		t.Errorf("Numbered = %q", got)
	}
}

func TestNamesOfRecipesAreCleaned(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "edited", `"*:<>?/\|`: "edited", " . ~": "edited", "a\x00b\u202ec\xff": "abc", "_VTI_x": "-VTI-x",
		strings.Repeat("ä", 200): strings.Repeat("ä", 60), "{name}": "{name}",
	} {
		if got := naming.Of("{recipe}", naming.Facts{Name: "n.jpg", Recipe: name}, ""); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestPatternsThatCannotBeNamesAreRefusedAtTheirField(t *testing.T) {
	t.Parallel()
	for pattern, says := range map[string]string{
		"": "must contain {name}", "{name}": "something more", "x": "must contain {name}",
		"{date}":        "must contain {name}",
		"{name}{name}x": "once", "{name}-{exif}": "not known", "{name}{ext}": "not known", "{name}{}": "not known",
		"{name}{Date}":      "not known",
		"{name}{counter:0}": "not known", "{name}{counter:10}": "not known", "{name}{counter:}": "not known",
		"{name}{counter:x}": "not known",
		"{name} {":          "Braces", "{name} }": "Braces", "{{name}}": "not known", "{name}x{date": "Braces",
		"{name}/x": "may not contain", "{name}:x": "may not contain", "{name}\n": "may not contain",
		"{name}\xffx": "may not contain",
		" {name}x":    "begin", "~{name}": "begin", "{name}_VTI_": "_vti_",
		"{name}" + strings.Repeat("x", naming.MaxPattern): "100 characters",
	} {
		err := naming.Check(pattern, "/save/name", bulkCopy)
		if f := fault.From(err); !fault.Is(err, fault.Invalid) || f.Field != "/save/name" ||
			!strings.Contains(f.Message, says) {
			t.Errorf("%q: %v, want Invalid at /save/name with %q", pattern, err, says)
		}
	}
	if err := naming.Check("{name}", "/save/name", naming.Allowed{Same: true}); err != nil {
		t.Errorf("the image's own name, in another folder: %v", err)
	}
	for _, pattern := range []string{"{name}{counter}", "{name}{counter:3}"} {
		if err := naming.Check(pattern, "/save/name", naming.Allowed{}); !fault.Is(err, fault.Invalid) ||
			!strings.Contains(err.Error(), "bulk") {
			t.Errorf("%q of a single copy: %v", pattern, err)
		}
	}
}
