package imaging

import (
	"maps"
	"slices"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// fields plans the texts that the metadata get, and finds what is wrong with them. Formats without metadata get none.
func (p *planner) fields() error {
	if len(p.out.Set) == 0 {
		return nil
	}
	if p.plan.format == GIF || p.plan.format == BMP {
		p.plan.warnings[WarnMetadataDropped] = true
		return nil
	}
	p.plan.set = p.texts
	for _, field := range slices.Sorted(maps.Keys(p.out.Set)) {
		for _, text := range p.out.Set[field] {
			if n := len(recipe.Expand(text, p.value)); n > longestText {
				return fault.Newf(fault.Invalid,
					"The text has %d bytes with its placeholders filled in; at most %d are written.", n, longestText).
					At("/output/metadata/set/" + string(field))
			}
		}
	}
	return nil
}

// texts returns the texts for the size that the result has by now.
func (p *planner) texts() metadata.Fields {
	set := metadata.Fields{}
	for field, texts := range p.out.Set {
		var written []string
		for _, text := range texts {
			if text = writable(recipe.Expand(text, p.value)); text != "" && !slices.Contains(written, text) {
				written = append(written, text)
			}
		}
		set[metadata.Field(field)] = written // the words are the same
	}
	return set
}

// texts returns the texts that the metadata get, nil for none.
func (p *plan) texts() metadata.Fields {
	if p.set == nil {
		return nil
	}
	return p.set()
}

// writable returns a text without what the formats of metadata cannot hold; names of files may have anything.
func writable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if recipe.IsNoText(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}
