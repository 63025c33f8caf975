package tab

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// validConfig checks a configuration and fills in defaults.
func validConfig(c Config) (Config, error) {
	if err := text("/title", c.Title, 1, MaxTitle); err != nil {
		return c, err
	}
	if c.Folder == "" {
		c.Folder = "root"
	}
	for _, id := range []struct {
		field, text string
	}{{"/siteId", c.Site}, {"/driveId", c.Drive}, {"/folderId", c.Folder}} {
		if !graphID.MatchString(id.text) {
			return c, fault.New(fault.Invalid, "This is no id of SharePoint's: 1 to 256 letters, digits and , . ! - _",
				nil).At(id.field)
		}
	}
	for _, choice := range []struct {
		field string
		value *string
		all   []string
	}{
		{"/layout", (*string)(&c.Layout), []string{string(Grid), string(Masonry), string(Carousel), string(List)}},
		{"/sort/by", (*string)(&c.Sort.By),
			[]string{string(ByName), string(ByModified), string(ByTaken), string(BySize)}},
		{"/captions", (*string)(&c.Captions),
			[]string{string(NoCaptions), string(NameCaptions), string(TitleCaptions), string(TextCaptions)}},
	} {
		if *choice.value == "" {
			*choice.value = choice.all[0]
		}
		if !slices.Contains(choice.all, *choice.value) {
			return c, fault.Newf(fault.Invalid, "This is one of %s.", strings.Join(choice.all, ", ")).At(choice.field)
		}
	}
	var err error
	if len(c.DefaultRecipe) > 0 {
		c.DefaultRecipe, err = canonical("/defaultRecipe", c.DefaultRecipe)
	}
	return c, err
}

var graphID = regexp.MustCompile(`^[A-Za-z0-9,.!_-]{1,256}$`)

// validPreset checks what a caller gives of a preset.
func validPreset(p Preset) (Preset, error) {
	if err := text("/name", p.Name, 1, MaxTitle); err != nil {
		return p, err
	}
	if err := text("/description", p.Description, 0, MaxDescription); err != nil {
		return p, err
	}
	var err error
	p.Recipe, err = canonical("/recipe", p.Recipe)
	return p, err
}

// text checks a text of one line.
func text(field, value string, least, most int) error {
	length := utf8.RuneCountInString(value)
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }):
		return fault.New(fault.Invalid, "This text must be UTF-8 without control and replacement characters.",
			nil).At(field)
	case least > 0 && !strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r)
	}):
		return fault.New(fault.Invalid, "This text may not be empty.", nil).At(field)
	case length > most:
		return fault.New(fault.Invalid, fmt.Sprintf("This text has at most %d characters.", most), nil).At(field)
	}
	return nil
}

// canonical checks a recipe and returns its canonical form.
func canonical(field string, raw json.RawMessage) (json.RawMessage, error) {
	parsed, err := recipe.Parse(raw)
	if err == nil {
		err = imaging.CheckLetters(parsed)
	}
	if err != nil {
		f := fault.From(err)
		return nil, f.At(field + f.Field)
	}
	return parsed.Canonical(), nil
}
