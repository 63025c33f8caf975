package metadata

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// dataSet is one value of IPTC-IIM.
type dataSet struct {
	record, number byte
	value          []byte
}

// The data sets that say how others are read (IPTC-IIM 4.2).
const (
	recordEnvelope  = 1
	recordEditorial = 2
	dataSetVersion  = 0  // of each record
	dataSetCharset  = 90 // of the envelope
)

// escapeUTF8 says in a charset data set that texts are UTF-8 (ISO 2022).
const escapeUTF8 = "\x1B%G"

// setIPTC returns the image resources with texts set.
func setIPTC(block []byte, fields Fields) ([]byte, error) {
	var sets []dataSet
	var others []byte
	digest, seen := false, false
	for r, err := range resources(block) {
		switch {
		case err != nil:
			return nil, err
		case r.id == resourceIPTC && seen: // there is one
		case r.id == resourceIPTC:
			if sets, err = dataSets(r.data); err != nil {
				return nil, err
			}
			seen = true
		case r.id == resourceDigest:
			digest = true
		default:
			others = appendResource(others, r.raw)
		}
	}
	iim := appendDataSets(withTexts(sets, fields))
	if len(iim) == 0 {
		return others, nil
	}
	out := slices.Concat(newResource(resourceIPTC, iim), others)
	if digest {
		sum := md5.Sum(iim)
		out = append(out, newResource(resourceDigest, sum[:])...)
	}
	return out, nil
}

// dataSets reads IPTC-IIM, up to the first damage if there is one. Zeros at the end are padding.
func dataSets(d []byte) ([]dataSet, error) {
	var sets []dataSet
	for len(bytes.TrimRight(d, "\x00")) > 0 {
		if len(d) < 5 || d[0] != 0x1C {
			return sets, errIPTC
		}
		length := int(binary.BigEndian.Uint16(d[3:]))
		if length > len(d)-5 {
			return sets, errIPTC // cut off, or one of the extended lengths that no text needs
		}
		sets = append(sets, dataSet{d[1], d[2], d[5 : 5+length]})
		d = d[5+length:]
	}
	return sets, nil
}

// withTexts returns the data sets with texts set, in UTF-8 if any of them needs it.
func withTexts(sets []dataSet, fields Fields) []dataSet {
	unicode := slices.ContainsFunc(sets, func(d dataSet) bool {
		return d.record == recordEnvelope && d.number == dataSetCharset && string(d.value) == escapeUTF8
	})
	was := unicode
	var texts []dataSet
	for _, at := range places() {
		values, set := fields[at.field]
		if !set {
			continue
		}
		sets = slices.DeleteFunc(sets, func(d dataSet) bool {
			return d.record == recordEditorial && d.number == at.iptc
		})
		for _, value := range values {
			value = clipped(value, at.most)
			unicode = unicode || strings.ContainsFunc(value, func(r rune) bool { return r > 0x7E })
			texts = append(texts, dataSet{recordEditorial, at.iptc, []byte(value)})
		}
	}
	if unicode && !was {
		sets = inUTF8(sets)
	}
	sets = append(sets, texts...)
	versioned := func(d dataSet) bool { return d.record == recordEditorial && d.number == dataSetVersion }
	if len(texts) > 0 && !slices.ContainsFunc(sets, versioned) {
		sets = append(sets, dataSet{recordEditorial, dataSetVersion, []byte{0, 4}})
	}
	if !slices.ContainsFunc(sets, func(d dataSet) bool { return d.record != recordEnvelope && !versioned(d) }) {
		return nil // nothing is said
	}
	slices.SortStableFunc(sets, func(a, b dataSet) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(a.number, b.number))
	})
	return sets
}

// inUTF8 returns data sets with the texts of the editorial record in UTF-8, and the word for it.
func inUTF8(sets []dataSet) []dataSet {
	const lastText = 199 // previews follow
	sets = slices.DeleteFunc(sets, func(d dataSet) bool {
		return d.record == recordEnvelope && d.number == dataSetCharset
	})
	for i, d := range sets {
		if d.record == recordEditorial && d.number != dataSetVersion && d.number <= lastText {
			sets[i].value = latin1(d.value)
		}
	}
	return append(sets, dataSet{recordEnvelope, dataSetCharset, []byte(escapeUTF8)})
}

// clipped returns as much of a text as goes into a number of bytes, in whole characters.
func clipped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// appendDataSets writes IPTC-IIM. What Latin-1 made too long is left out.
func appendDataSets(sets []dataSet) []byte {
	var out []byte
	for _, d := range sets {
		if len(d.value) > 0x7FFF {
			continue
		}
		out = append(out, 0x1C, d.record, d.number)
		out = binary.BigEndian.AppendUint16(out, uint16(len(d.value)))
		out = append(out, d.value...)
	}
	return out
}

// newResource returns an image resource without a name.
func newResource(id uint16, data []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
	out = append(out, 0, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	return appendResource(nil, append(out, data...))
}

// appendResource appends an image resource with its padding.
func appendResource(to, raw []byte) []byte {
	to = append(to, raw...)
	if len(raw)%2 == 1 {
		to = append(to, 0)
	}
	return to
}
