package metadata

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
)

// property is a property of XMP: the prefix that is preferred for its namespace, its name and the kind of list that its
// values stand in, "" for a plain text.
type property struct {
	prefix, name, list string
}

// stale lists the properties that would say something else after a field was set.
func stale(field Field) []property {
	switch field {
	case FieldCopyright:
		return []property{{"tiff", "Copyright", ""}}
	case FieldCreator:
		return []property{{"tiff", "Artist", ""}}
	case FieldDescription:
		return []property{{"tiff", "ImageDescription", ""}}
	case FieldKeywords:
		return []property{{"lr", "hierarchicalSubject", ""}, {"MicrosoftPhoto", "LastKeywordXMP", ""}}
	}
	return nil
}

// The packet of a file that has none.
const (
	packetHead = "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`
	packetTail = "</rdf:RDF></x:xmpmeta>\n" + `<?xpacket end="w"?>`
)

// setXMP returns the packet with texts set: what it said is taken out, and the texts stand in a description of their
// own at the end.
func setXMP(packet []byte, fields Fields) ([]byte, error) {
	if len(packet) == 0 {
		packet = []byte(packetHead + packetTail)
	}
	if !bytes.Contains(packet, []byte("</rdf:RDF>")) {
		return nil, errXMP
	}
	about := `""`
	if found := aboutXMP.FindSubmatch(packet); found != nil {
		about = string(found[1])
	}
	var own strings.Builder
	gone := map[xmpName]bool{}
	for _, at := range places() {
		values, set := fields[at.field]
		if !set {
			continue
		}
		for _, p := range append(stale(at.field), at.xmp) {
			gone[named(p.prefix, p.name)] = true
		}
		if len(values) > 0 {
			at.xmp.write(&own, values)
		}
	}
	packet, err := editXMP(packet, func(name xmpName) xmpChange { return xmpChange{drop: gone[name]} })
	if err != nil {
		return nil, err
	}
	packet = emptyXMP.ReplaceAll(packet, nil)
	end := bytes.LastIndex(packet, []byte("</rdf:RDF>"))
	if own.Len() > 0 {
		description := `<rdf:Description rdf:about=` + about + ` xmlns:dc="` + dublinCore + `" xmlns:photoshop="` +
			photoshop + `">` + own.String() + `</rdf:Description>`
		return slices.Concat(packet[:end], []byte(description), packet[end:]), nil
	}
	if !bytes.Contains(packet, []byte("<rdf:Description")) {
		return nil, nil
	}
	return packet, nil
}

var (
	aboutXMP = regexp.MustCompile(`<rdf:Description\s[^>]*?rdf:about\s*=\s*("[^"<]*"|'[^'<]*')`)
	emptyXMP = regexp.MustCompile(
		`<rdf:Description(\s+rdf:about\s*=\s*("[^"]*"|'[^']*')|` +
			`\s+xmlns:[\w.-]+\s*=\s*("[^"]*"|'[^']*'))*\s*(/>|>\s*</rdf:Description\s*>)`)
)

// write appends the property with its texts.
func (p property) write(to *strings.Builder, values []string) {
	tag := p.prefix + ":" + p.name
	to.WriteString("<" + tag + ">")
	if p.list == "" {
		escape(to, values[0])
	} else {
		item := "<rdf:li>"
		if p.list == "Alt" {
			item = `<rdf:li xml:lang="x-default">`
		}
		to.WriteString("<rdf:" + p.list + ">")
		for _, value := range values {
			to.WriteString(item)
			escape(to, value)
			to.WriteString("</rdf:li>")
		}
		to.WriteString("</rdf:" + p.list + ">")
	}
	to.WriteString("</" + tag + ">")
}

// escape writes a text as XML. A builder takes everything.
func escape(to *strings.Builder, text string) { _ = xml.EscapeText(to, []byte(text)) }
