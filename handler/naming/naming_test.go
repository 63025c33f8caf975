package naming_test

import (
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/naming"
)

func TestNamesOfCopies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, name, ending, want string }{
		{"{name}-edited", "beach.jpg", ".jpg", "beach-edited.jpg"},
		{"web {name}", "a.b.PNG", ".png", "web a.b.png"},
		{"{name} small", "no ending", ".jpg", "no ending small.jpg"},
		{"x{name}", ".hidden", ".gif", "x.gif"},
	} {
		if err := naming.Check(c.pattern, "f"); err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
		if got := naming.Of(c.pattern, c.name, c.ending); got != c.want {
			t.Errorf("%s of %s = %q, want %q", c.pattern, c.name, got, c.want)
		}
	}
	if got := naming.Numbered("a.b.jpg", 2); got != "a.b 2.jpg" {
		t.Errorf("Numbered = %q", got)
	}
}

func TestPatternsThatCannotBeNamesAreRefusedAtTheirField(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"", "{name}", "x", "{name}{name}x", "{name}-{date}", "{name}/x", "{name}:x", "{name}\n", "{name}\xffx", " {name}x", "~{name}", "{name}_VTI_",
		"{name}" + strings.Repeat("x", naming.MaxPattern),
	} {
		err := naming.Check(pattern, "/save/name")
		if !fault.Is(err, fault.Invalid) || fault.From(err).Field != "/save/name" {
			t.Errorf("%q: %v, want Invalid at /save/name", pattern, err)
		}
	}
}
