package recipe

import (
	"strconv"
	"strings"
)

// Field is a text of the metadata that a recipe may set.
type Field string

// The fields.
const (
	Copyright   Field = "copyright"
	Creator     Field = "creator"
	Title       Field = "title"
	Description Field = "description"
	Credit      Field = "credit"
	Keywords    Field = "keywords" // the only one that may have several texts
)

// The bounds of what a field holds, before placeholders are filled in. A keyword is as long as IPTC takes it.
const (
	MaxField    = 2000 // bytes of a text
	MaxKeywords = 50
	MaxKeyword  = 64 // bytes
)

// set reads texts that metadata get instead of what the file says. A field that is not named stays as it is; an empty
// text or list takes it out.
func (o *object) set(name string) map[Field][]string {
	if !o.has(name) {
		return nil
	}
	set := o.object(name)
	fields := map[Field][]string{}
	for _, field := range []Field{Copyright, Creator, Title, Description, Credit} {
		if set.has(string(field)) {
			fields[field] = set.field(string(field))
		}
	}
	if set.has(string(Keywords)) {
		fields[Keywords] = set.keywords(string(Keywords))
	}
	set.close()
	if len(fields) == 0 {
		o.omit(name, true)
		return nil
	}
	return fields
}

// field reads a text without the white space around it, as a list of it alone or of nothing.
func (o *object) field(name string) []string {
	text := strings.TrimSpace(o.text(name, "", MaxField))
	o.canonical[name] = text
	o.problem.checkField(pointer(o.path, name), text)
	if text == "" {
		return []string{}
	}
	return []string{text}
}

// keywords reads a list of texts.
func (o *object) keywords(name string) []string {
	value, _ := o.take(name)
	list, ok := value.([]any)
	if !ok || len(list) > MaxKeywords {
		o.report(name, "A list of at most %d texts is expected here.", MaxKeywords)
		return []string{}
	}
	words, canonical := make([]string, 0, len(list)), make([]any, 0, len(list))
	for i, value := range list {
		at := pointer(o.path, name) + "/" + strconv.Itoa(i)
		word, ok := value.(string)
		if word = strings.TrimSpace(word); !ok || word == "" || len(word) > MaxKeyword {
			o.problem.report(at, "A text of 1 to %d bytes is expected here.", MaxKeyword)
			continue
		}
		o.problem.checkField(at, word)
		words, canonical = append(words, word), append(canonical, word)
	}
	o.canonical[name] = canonical
	return words
}

// checkField refuses what the formats of metadata cannot hold.
func (p *problem) checkField(at, text string) {
	if strings.ContainsFunc(text, IsNoText) {
		p.report(at, "A character of this text is none that can be written.")
	}
	p.checkPlaceholders(at, text)
}

// IsNoText reports whether XML, and so XMP, cannot hold a character (XML 1.0, section 2.2).
func IsNoText(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r == 0x7F || r == 0xFFFE || r == 0xFFFF
}
