// Package naming makes the names of copies from patterns such as {name}-small.
//
// It does not know which names are taken.
package naming

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"imagepro/handler/fault"
)

// Default is the pattern of those who name none.
const Default = "{name}-edited"

// MaxPattern leaves room for the image's own name and SharePoint's limit of 400 characters for a path.
const MaxPattern = 100

// maxPart is how much of a recipe's name, or of what a file says, gets into the name of a copy, in characters.
const maxPart = 60

// forbidden are the characters that SharePoint takes in no name.
const forbidden = `"*:<>?/\|`

// Facts are what placeholders stand for.
type Facts struct {
	Name          string // of the image, with its ending
	Width, Height int    // of the result, in pixels
	Time          time.Time
	Recipe        string // name of the recipe, or empty
	Hash          string // of the recipe, hexadecimal
	Number        int    // of the image in a bulk edit, from 1

	// What the file says of its picture, if the pattern asks for it; see AsksFile.
	Taken, Title, Creator string
}

// AsksFile reports whether a pattern has placeholders for what the file itself says.
func AsksFile(pattern string) bool {
	return strings.Contains(pattern, "{taken}") || strings.Contains(pattern, "{title}") ||
		strings.Contains(pattern, "{creator}")
}

// Allowed says what names may be.
type Allowed struct {
	Counter bool // numbered, as in a bulk edit
	Same    bool // that of the image: the copy goes to another folder
}

// Check returns an Invalid fault at the field unless the pattern makes names that SharePoint takes
// (https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint) and that are allowed.
func Check(pattern, field string, allowed Allowed) error {
	wrong := func(says string) error { return fault.New(fault.Invalid, says, nil).At(field) }
	if utf8.RuneCountInString(pattern) > MaxPattern {
		return wrong(fmt.Sprintf("The name of copies has at most %d characters.", MaxPattern))
	}
	seen := map[string]bool{}
	says := ""
	rest := filled(pattern, func(placeholder string) string {
		switch _, ok := value(placeholder, Facts{}); {
		case !ok:
			says = "A placeholder of the name is not known. Known: {name}, {width}, {height}, {date}, {year}, " +
				"{recipe}, {hash8}, {taken}, {title}, {creator} and, in bulk edits, {counter} or {counter:1} to " +
				"{counter:9}."
		case strings.HasPrefix(placeholder, "counter") && !allowed.Counter:
			says = "Only the copies of a bulk edit are counted: {counter} cannot stand here."
		case seen[placeholder]:
			says = "Each placeholder stands once in the name of copies."
		}
		seen[placeholder] = true
		return ""
	})
	switch {
	case says != "":
		return wrong(says)
	case !seen["name"]:
		return wrong("The name of copies must contain {name}.")
	case pattern == "{name}" && !allowed.Same:
		return wrong("The name of copies must contain {name} and something more, such as {name}-edited.")
	case strings.ContainsAny(rest, "{}"):
		return wrong("Braces in the name of copies are for placeholders such as {name} only.")
	case strings.ContainsAny(rest, forbidden) || strings.ContainsFunc(rest, unicode.IsControl) ||
		!utf8.ValidString(rest):
		return wrong(`The name of copies may not contain " * : < > ? / \ | nor control characters.`)
	case strings.HasPrefix(pattern, " ") || strings.HasPrefix(pattern, "~") ||
		strings.Contains(strings.ToLower(pattern), "_vti_"):
		return wrong("The name of copies may not begin with a space or ~ nor contain _vti_.")
	}
	return nil
}

// Of returns the name of an image's copy, with an ending such as .jpg.
func Of(pattern string, facts Facts, ending string) string {
	return filled(pattern, func(placeholder string) string {
		text, _ := value(placeholder, facts)
		return text
	}) + ending
}

// filled returns the pattern with what stands for {x} in place of each.
func filled(pattern string, stands func(placeholder string) string) string {
	var to strings.Builder
	for {
		before, after, opened := strings.Cut(pattern, "{")
		placeholder, rest, closed := strings.Cut(after, "}")
		if !opened || !closed {
			to.WriteString(pattern)
			return to.String()
		}
		to.WriteString(before)
		to.WriteString(stands(placeholder))
		pattern = rest
	}
}

// value returns what a placeholder stands for, and whether it is one.
func value(placeholder string, f Facts) (string, bool) {
	switch placeholder {
	case "name":
		return strings.TrimSuffix(f.Name, path.Ext(f.Name)), true
	case "width":
		return strconv.Itoa(f.Width), true
	case "height":
		return strconv.Itoa(f.Height), true
	case "date":
		return f.Time.Format(time.DateOnly), true
	case "year":
		return f.Time.Format("2006"), true
	case "recipe":
		return clean(f.Recipe, "edited"), true
	case "taken":
		return clean(f.Taken, "undated"), true
	case "title":
		return clean(f.Title, "untitled"), true
	case "creator":
		return clean(f.Creator, "unknown"), true
	case "hash8":
		return f.Hash[:min(8, len(f.Hash))], true
	case "counter":
		return strconv.Itoa(f.Number), true
	}
	digits, counter := strings.CutPrefix(placeholder, "counter:")
	if !counter || len(digits) != 1 || digits < "1" || digits > "9" {
		return "", false
	}
	width, _ := strconv.Atoi(digits)
	return fmt.Sprintf("%0*d", width, f.Number), true
}

// clean returns a text as a part of a file's name, or the other if nothing is left of it.
func clean(name, other string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(forbidden, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if runes := []rune(name); len(runes) > maxPart {
		name = string(runes[:maxPart])
	}
	if strings.Contains(strings.ToLower(name), "_vti_") {
		name = strings.ReplaceAll(name, "_", "-")
	}
	return cmp.Or(strings.Trim(name, " ~."), other)
}

// Numbered returns the n-th other name: "a 1.jpg" for "a.jpg", as SharePoint itself does it.
func Numbered(name string, n int) string {
	ending := path.Ext(name)
	return fmt.Sprintf("%s %d%s", strings.TrimSuffix(name, ending), n, ending)
}
