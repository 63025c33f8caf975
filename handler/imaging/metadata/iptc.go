package metadata

import (
	"crypto/md5"
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
			if !isResource(string(record[:4])) || head+4 > len(record) {
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

// isResource reports whether an image resource may start so: programs of Adobe have further signatures.
func isResource(signature string) bool {
	return slices.Contains([]string{"8BIM", "PHUT", "DCSR", "AgHg", "MeSa"}, signature)
}

// updateIPTC returns the resources that stay true after an edit, up to the first damage. lost says whether there was
// one.
func updateIPTC(block []byte, c Change) (out []byte, lost bool) {
	kept := []uint16{resourceResolution, resourceIPTC, resourceCopyrightFlag, resourceURL, resourceDigest}
	digest := []byte(nil)
	for r, err := range resources(block) {
		switch {
		case err != nil:
			return out, true
		case !slices.Contains(kept, r.id):
		case r.id == resourceIPTC:
			iim, changed, err := updateIIM(r.data, c)
			lost = lost || err != nil
			if changed {
				sum := md5.Sum(iim)
				digest = newResource(resourceDigest, sum[:])
				r.raw = newResource(resourceIPTC, iim)
			}
			if len(iim) > 0 {
				out = appendResource(out, r.raw)
			}
		case r.id == resourceDigest && digest != nil:
			out = append(out, digest...)
		default:
			out = appendResource(out, r.raw)
		}
	}
	return out, lost
}

// updateIIM returns IPTC-IIM without previews, and without the place if that is asked for. The error says that it was
// damaged: what could be read is left.
func updateIIM(iim []byte, c Change) (_ []byte, changed bool, err error) {
	const firstPreview, lastPreview = 200, 202
	sets, err := dataSets(iim)
	n := len(sets)
	sets = slices.DeleteFunc(sets, func(d dataSet) bool {
		isPreview := d.record == recordEditorial && d.number >= firstPreview && d.number <= lastPreview
		return isPreview || c.DropGPS && d.tellsPlace()
	})
	if len(sets) == n && err == nil {
		return iim, false, nil
	}
	return appendDataSets(sets), true, err
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
