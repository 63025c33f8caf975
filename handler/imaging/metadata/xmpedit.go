package metadata

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// xmpName is the name of an element or attribute of a packet: its namespace, whatever prefix a packet binds to it, and
// its local part.
type xmpName struct {
	space, local string
}

// xmpSpaces are the namespaces by their preferred prefixes, which count where a packet binds none.
var xmpSpaces = map[string]string{
	"dc":             dublinCore,
	"dcterms":        "http://purl.org/dc/terms/",
	"exif":           "http://ns.adobe.com/exif/1.0/",
	"tiff":           "http://ns.adobe.com/tiff/1.0/",
	"xmp":            "http://ns.adobe.com/xap/1.0/",
	"xmpNote":        "http://ns.adobe.com/xmp/note/",
	"xmpDM":          "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
	"photoshop":      photoshop,
	"lr":             "http://ns.adobe.com/lightroom/1.0/",
	"hdrgm":          "http://ns.adobe.com/hdr-gain-map/1.0/",
	"HDRGainMap":     "http://ns.apple.com/HDRGainMap/1.0/",
	"Container":      "http://ns.google.com/photos/1.0/container/",
	"GContainer":     "http://ns.google.com/photos/1.0/container/",
	"GCamera":        "http://ns.google.com/photos/1.0/camera/",
	"GDepth":         "http://ns.google.com/photos/1.0/depthmap/",
	"GImage":         "http://ns.google.com/photos/1.0/image/",
	"GPano":          "http://ns.google.com/photos/1.0/panorama/",
	"Device":         "http://ns.google.com/photos/dd/1.0/device/",
	"mwg-rs":         "http://www.metadataworkinggroup.com/schemas/regions/",
	"MP":             "http://ns.microsoft.com/photo/1.2/",
	"MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
	"Iptc4xmpCore":   "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
	"Iptc4xmpExt":    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
	"mediapro":       "http://ns.iview-multimedia.com/mediapro/1.0/",
	"prism":          "http://prismstandard.org/namespaces/basic/2.0/",
	"imagepro":       markNamespace,
	"rdf":            rdfSpace,
}

const rdfSpace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// named returns the name with a preferred prefix.
func named(prefix, local string) xmpName { return xmpName{xmpSpaces[prefix], local} }

// xmpChange is what becomes of a property.
type xmpChange struct {
	drop bool
	set  string // another value, if it is not empty
}

// splice is a part of a packet and what takes its place.
type splice struct {
	span
	with string
}

// editXMP returns the packet with changes to its properties, whether they are written as elements or as attributes. All
// else stays as it is, byte by byte. The error says that the packet is no XML or has no RDF.
func editXMP(packet []byte, change func(xmpName) xmpChange) ([]byte, error) {
	packet = bytes.TrimRight(packet, "\x00")
	if !utf8.Valid(packet) {
		return nil, errXMP
	}
	e := xmpEditor{packet: packet, change: change}
	if err := e.read(); err != nil {
		return nil, err
	}
	var out []byte
	at := 0
	for _, s := range e.splices {
		out = append(append(out, packet[at:s.start]...), s.with...)
		at = s.end
	}
	return append(out, packet[at:]...), nil
}

// xmpEditor collects what changes in a packet.
type xmpEditor struct {
	packet  []byte
	change  func(xmpName) xmpChange
	splices []splice // in their order
	open    []xmpElement
	scopes  []map[string]string // the namespaces of prefixes, of the elements that are open
	rdf     bool                // whether there was an RDF element
}

// xmpElement is an element that is open.
type xmpElement struct {
	name      string // with its prefix
	change    xmpChange
	start     int  // of its tag
	content   int  // after its tag
	hasChild  bool // whether it has elements within
	isDropped bool // whether it or one around it is dropped
}

// maxXMPDepth is how deep elements may lie in each other.
const maxXMPDepth = 100

func (e *xmpEditor) read() error {
	d := xml.NewDecoder(bytes.NewReader(e.packet))
	for {
		start := int(d.InputOffset())
		token, err := d.RawToken()
		end := int(d.InputOffset())
		switch t := token.(type) {
		case nil:
			if err != io.EOF || len(e.open) > 0 || !e.rdf {
				return errXMP
			}
			return nil
		case xml.StartElement:
			if len(e.open) == maxXMPDepth {
				return errXMP
			}
			if err := e.begin(qualified(t.Name), start, end); err != nil {
				return err
			}
		case xml.EndElement:
			if len(e.open) == 0 || e.open[len(e.open)-1].name != qualified(t.Name) {
				return errXMP
			}
			e.finish(start, end)
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// begin takes the tag of an element.
func (e *xmpEditor) begin(name string, start, end int) error {
	attributes, err := attributesOf(e.packet[start:end], start)
	if err != nil {
		return err
	}
	var scope map[string]string
	for _, a := range attributes {
		if prefix, ok := strings.CutPrefix(a.name, "xmlns:"); ok || a.name == "xmlns" {
			if scope == nil {
				scope = map[string]string{}
			}
			if !ok {
				prefix = ""
			}
			scope[prefix] = a.value
		}
	}
	e.scopes = append(e.scopes, scope)
	now := xmpElement{name: name, start: start, content: end}
	if n := len(e.open); n > 0 {
		e.open[n-1].hasChild = true
		now.isDropped = e.open[n-1].isDropped
	}
	resolved := e.resolve(name)
	e.rdf = e.rdf || resolved == named("rdf", "RDF")
	if !now.isDropped {
		now.change = e.change(resolved)
		now.isDropped = now.change.drop
	}
	if !now.isDropped {
		for _, a := range attributes {
			if !strings.Contains(a.name, ":") || strings.HasPrefix(a.name, "xmlns:") {
				continue
			}
			switch c := e.change(e.resolve(a.name)); {
			case c.drop:
				e.splices = append(e.splices, splice{a.whole, ""})
			case c.set != "":
				e.splices = append(e.splices, splice{a.quoted, `"` + c.set + `"`})
			}
		}
	}
	e.open = append(e.open, now)
	return nil
}

// finish takes the end of an element, which is empty for one that has no end tag.
func (e *xmpEditor) finish(start, end int) {
	last := e.open[len(e.open)-1]
	e.open, e.scopes = e.open[:len(e.open)-1], e.scopes[:len(e.scopes)-1]
	switch {
	case last.change.drop:
		e.splices = append(e.splices, splice{span{last.start, end}, ""})
	case last.change.set != "" && !last.hasChild && start < end && !last.isDropped:
		e.splices = append(e.splices, splice{span{last.content, start}, last.change.set})
	}
}

// resolve returns the name that a name with a prefix stands for.
func (e *xmpEditor) resolve(name string) xmpName {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	for _, scope := range slices.Backward(e.scopes) {
		if space, bound := scope[prefix]; bound {
			return xmpName{space, local}
		}
	}
	return xmpName{xmpSpaces[prefix], local}
}

// xmpAttribute is an attribute with its places in the packet.
type xmpAttribute struct {
	name, value string
	whole       span // with the space before it
	quoted      span // the value with its quotation marks
}

// attributesOf reads the attributes of a tag, which starts at a place of the packet.
func attributesOf(tag []byte, at int) (all []xmpAttribute, err error) {
	isSpace := func(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
	skip := func(i int) int {
		for i < len(tag) && isSpace(tag[i]) {
			i++
		}
		return i
	}
	i := 1
	for i < len(tag) && !isSpace(tag[i]) && tag[i] != '>' && tag[i] != '/' {
		i++ // the element's name
	}
	for {
		before := i
		if i = skip(i); i >= len(tag) || tag[i] == '>' || tag[i] == '/' {
			return all, nil
		}
		name := i
		for i < len(tag) && !isSpace(tag[i]) && tag[i] != '=' {
			i++
		}
		a := xmpAttribute{name: string(tag[name:i])}
		if i = skip(i); i >= len(tag) || tag[i] != '=' {
			return nil, errXMP
		}
		if i = skip(i + 1); i >= len(tag) || tag[i] != '"' && tag[i] != '\'' {
			return nil, errXMP
		}
		length := bytes.IndexByte(tag[i+1:], tag[i])
		if length < 0 {
			return nil, errXMP
		}
		a.value = string(tag[i+1 : i+1+length])
		a.quoted = span{at + i, at + i + length + 2}
		i += length + 2
		a.whole = span{at + before, at + i}
		all = append(all, a)
	}
}
