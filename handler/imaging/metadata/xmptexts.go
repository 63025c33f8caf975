package metadata

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// The namespaces of the properties that are read.
const (
	dublinCore = "http://purl.org/dc/elements/1.1/"
	photoshop  = "http://ns.adobe.com/photoshop/1.0/"
)

// XMPTexts returns the texts of a packet by the names of their properties, without their namespaces: title,
// description, creator, rights and subject of Dublin Core, and Credit of Photoshop. Of a text in several languages the
// default comes first. Damage ends it; what was read until then counts.
func XMPTexts(xmp []byte) map[string][]string {
	texts := map[string][]string{}
	decoder := xml.NewDecoder(bytes.NewReader(xmp))
	property, text := "", ""
	first := false // whether the text is in the default language
	for {
		token, err := decoder.Token()
		if err != nil {
			return texts
		}
		switch t := token.(type) {
		case xml.StartElement:
			for _, a := range t.Attr {
				if name := wanted(a.Name); name != "" {
					texts[name] = append(texts[name], a.Value)
				}
				first = first || a.Name.Local == "lang" && a.Value == "x-default"
			}
			if name := wanted(t.Name); name != "" {
				property = name
			}
			text = ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			if text = strings.TrimSpace(text); property != "" && text != "" {
				if texts[property] = append(texts[property], text); first {
					last := len(texts[property]) - 1
					texts[property][0], texts[property][last] = texts[property][last], texts[property][0]
				}
			}
			text, first = "", false
			if wanted(t.Name) != "" {
				property = ""
			}
		}
	}
}

// wanted returns the name of a property that is read, or nothing.
func wanted(name xml.Name) string {
	switch {
	case name.Space == photoshop && name.Local == "Credit":
		return name.Local
	case name.Space != dublinCore:
		return ""
	}
	switch name.Local {
	case "title", "description", "creator", "rights", "subject":
		return name.Local
	}
	return ""
}
