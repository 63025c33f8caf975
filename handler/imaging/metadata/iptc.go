package metadata

import (
	"encoding/binary"
	"errors"
	"iter"
	"slices"
)

var (
	errIPTC = errors.New("metadata: Photoshop image resources are broken")
	errICC  = errors.New("metadata: a colour profile is broken")
)

// The image resources that are carried on (Adobe Photoshop file format, image resource ids). All others tell
// about previews, layers and printing.
const (
	resourceResolution    = 0x03ED
	resourceIPTC          = 0x0404
	resourceCopyrightFlag = 0x040A
	resourceURL           = 0x040B
	resourceDigest        = 0x0425 // of the IPTC resource
)

// resource is one image resource; raw is the whole record.
type resource struct {
	id        uint16
	raw, data []byte
}

// resources walks image resources.
func resources(block []byte) iter.Seq2[resource, error] {
	return func(yield func(resource, error) bool) {
		for at := 0; len(block)-at >= 12; {
			record := block[at:]
			name := 1 + int(record[6])
			head := 6 + name + name%2 // the name is padded to an even length
			if string(record[:4]) != "8BIM" || head+4 > len(record) {
				yield(resource{}, errIPTC)
				return
			}
			length := int64(binary.BigEndian.Uint32(record[head:]))
			if length > int64(len(record)-head-4) {
				yield(resource{}, errIPTC)
				return
			}
			end := head + 4 + int(length)
			r := resource{binary.BigEndian.Uint16(record[4:]), record[:end], record[head+4 : end]}
			if !yield(r, nil) {
				return
			}
			at += end + int(length%2)
		}
	}
}

// updateIPTC returns the resources that stay true after an edit.
func updateIPTC(block []byte) ([]byte, error) {
	kept := []uint16{resourceResolution, resourceIPTC, resourceCopyrightFlag, resourceURL, resourceDigest}
	var out []byte
	for r, err := range resources(block) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(kept, r.id) {
			out = appendResource(out, r.raw)
		}
	}
	return out, nil
}

// The IPTC-IIM data sets that name rights (IPTC-IIM 4.2, record 2).
const (
	dataSetByline    = 80
	dataSetCopyright = 116
)

// iptcText returns the first value of a data set of record 2; "" if there is none.
func iptcText(block []byte, number byte) string {
	for r, err := range resources(block) {
		if err != nil {
			return ""
		}
		if r.id != resourceIPTC {
			continue
		}
		sets, _ := dataSets(r.data) // what was read before a damage counts
		for _, d := range sets {
			if d.record == recordEditorial && d.number == number {
				return string(latin1(d.value))
			}
		}
	}
	return ""
}
