// Package naming makes the names of copies from patterns such as {name}-small.
//
// It does not know which names are taken.
package naming

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"imagepro/handler/fault"
)

// Default is the pattern of those who name none.
const Default = "{name}-edited"

// MaxPattern leaves room for the image's own name and SharePoint's limit of 400 characters for a path.
const MaxPattern = 100

// Check returns an Invalid fault at the field unless the pattern makes names that SharePoint takes
// (https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint), and others than
// that of the image.
func Check(pattern, field string) error {
	wrong := func(says string) error { return fault.New(fault.Invalid, says, nil).At(field) }
	rest := strings.ReplaceAll(pattern, "{name}", "")
	switch {
	case utf8.RuneCountInString(pattern) > MaxPattern:
		return wrong(fmt.Sprintf("The name of copies has at most %d characters.", MaxPattern))
	case !strings.Contains(pattern, "{name}") || rest == "":
		return wrong("The name of copies must contain {name} and something more, such as {name}-edited.")
	case strings.Count(pattern, "{name}") > 1 || strings.ContainsAny(rest, "{}"):
		return wrong("{name} stands once in the name of copies, and is all that may stand in braces.")
	case strings.ContainsAny(rest, `"*:<>?/\|`) || strings.ContainsFunc(rest, unicode.IsControl) || !utf8.ValidString(rest):
		return wrong(`The name of copies may not contain " * : < > ? / \ | nor control characters.`)
	case strings.HasPrefix(pattern, " ") || strings.HasPrefix(pattern, "~") || strings.Contains(strings.ToLower(pattern), "_vti_"):
		return wrong("The name of copies may not begin with a space or ~ nor contain _vti_.")
	}
	return nil
}

// Of returns the name of an image's copy, with an ending such as .jpg.
func Of(pattern, name, ending string) string {
	return strings.ReplaceAll(pattern, "{name}", strings.TrimSuffix(name, path.Ext(name))) + ending
}

// Numbered returns the n-th other name: "a 1.jpg" for "a.jpg", as SharePoint itself does it.
func Numbered(name string, n int) string {
	ending := path.Ext(name)
	return fmt.Sprintf("%s %d%s", strings.TrimSuffix(name, ending), n, ending)
}
