package metadata

import (
	"bytes"
	"regexp"
	"slices"
)

// A mark says which recipe made a file: a property of XMP, with the recipe's hash in hexadecimal.
const (
	markName      = "imagepro:recipe"
	markNamespace = "urn:image-pro:xmp:1"
)

var markPattern = regexp.MustCompile(markName + `="([0-9a-f]{64})"`)

// Mark returns the hash of the recipe that made the file, or empty.
func (b Blocks) Mark() string {
	if found := markPattern.FindSubmatch(b.XMP); found != nil {
		return string(found[1])
	}
	return ""
}

// setMark returns the packet with a mark in place of what it had; without any for an empty one.
func setMark(packet []byte, mark string) ([]byte, error) {
	if mark == "" && !bytes.Contains(packet, []byte(markName)) {
		return packet, nil
	}
	if len(packet) > 0 {
		var err error
		isMark := func(name xmpName) xmpChange { return xmpChange{drop: name == named("imagepro", "recipe")} }
		if packet, err = editXMP(packet, isMark); err != nil {
			return nil, err
		}
	}
	packet = emptyXMP.ReplaceAll(packet, nil)
	if mark == "" {
		return packet, nil
	}
	if len(packet) == 0 {
		packet = []byte(packetHead + packetTail)
	}
	end := bytes.LastIndex(packet, []byte("</rdf:RDF>"))
	if end < 0 {
		return nil, errXMP
	}
	about := `""`
	if found := aboutXMP.FindSubmatch(packet); found != nil {
		about = string(found[1])
	}
	description := `<rdf:Description rdf:about=` + about + ` xmlns:imagepro="` + markNamespace + `" ` + markName +
		`="` + mark + `"/>`
	return slices.Concat(packet[:end], []byte(description), packet[end:]), nil
}
