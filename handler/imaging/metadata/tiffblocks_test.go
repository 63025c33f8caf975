package metadata

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// page returns a TIFF file of one page whose pixels stand between its header and its directory.
func page(order binary.AppendByteOrder) []byte {
	head := []byte("II*\x00")
	if order.String() == "BigEndian" {
		head = []byte("MM\x00*")
	}
	out := order.AppendUint32(head, 16)
	out = append(out, "*pixels*"...)
	long := func(v uint32) []byte { return order.AppendUint32(nil, v) }
	return directory(out, order, 0, []field{
		{tagImageWidth, 4, 1, long(4)}, {tagImageLength, 4, 1, long(2)}, {tagStripOffsets, 4, 1, long(8)},
		{tagStripByteCounts, 4, 1, long(8)},
	})
}

func TestTIFFFilesTakeAllBlocks(t *testing.T) {
	t.Parallel()
	for _, order := range orders() {
		for _, from := range orders() {
			b := full(camera(from, nil))
			file, lost, err := WriteTIFF(page(order), b)
			if err != nil || !lost { // the maker note
				t.Fatalf("%s: lost %v, %v", order, lost, err)
			}
			got := Read("tiff", file)
			if exifText(got.Exif, tagArtist) != "Ann Artist" || exifText(got.Exif, 0x010F) != "Camera Works" ||
				number(t, got.Exif, tagPixelX) != 4000 ||
				number(t, got.Exif, tagPixelY) != 3000 || number(t, got.Exif, tagOrientation) != 6 ||
				!hasGPS(got.Exif) {
				t.Errorf("%s from %s: EXIF is % x", order, from, got.Exif)
			}
			if !bytes.Equal(got.ICC, b.ICC) || !bytes.Equal(got.XMP, b.XMP) ||
				iptcText(got.IPTC, dataSetCopyright) != "(c)" {
				t.Errorf("%s: a block is another one", order)
			}
			bare, _, err := WriteTIFF(file, Blocks{})
			if err != nil || !bytes.Equal(bare, page(order)) {
				t.Errorf("%s: without metadata it is %v\n%q, want\n%q", order, err, bare, page(order))
			}
			again, _, err := WriteTIFF(file, got)
			if err != nil || !bytes.Equal(again, file) {
				t.Errorf("%s: the same blocks again change it, %v", order, err)
			}
		}
	}
}

// The values of a GPS directory are three fractions; each number of them has its own bytes.
func TestValuesChangeTheirOrderNumberByNumber(t *testing.T) {
	t.Parallel()
	big := camera(binary.BigEndian, nil)
	file, _, err := WriteTIFF(page(binary.LittleEndian), Blocks{Exif: big})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte{47, 0, 0, 0, 1, 0, 0, 0}, 3)
	if !bytes.Contains(file, want) {
		t.Errorf("there are no fractions % x in % x", want, file)
	}
}

func TestTIFFFilesOfSeveralDirectoriesAreNotTouched(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	file := page(order)
	order.PutUint32(file[len(file)-4:], 16)
	if _, _, err := WriteTIFF(file, Blocks{}); err == nil {
		t.Error("a file with a second directory was written")
	}
}

// Whatever is damaged, the pixels that the directory names stay.
func TestDamagedTIFFFilesKeepTheirPixels(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, order := range orders() {
		whole, _, err := WriteTIFF(page(order), full(camera(order, nil)))
		if err != nil {
			t.Fatal(err)
		}
		for range 5000 {
			damaged := bytes.Clone(whole)
			for range 1 + r.IntN(4) {
				damaged[16+r.IntN(len(damaged)-16)] = byte(r.Uint32())
			}
			s, first, err := openTIFF(damaged)
			if err != nil {
				continue
			}
			entries, _, _, err := s.directory(first)
			if err != nil {
				continue
			}
			out, _, err := WriteTIFF(damaged, Blocks{XMP: []byte("x")})
			if err != nil {
				continue
			}
			for _, p := range s.pixels(entries) {
				if p.end <= len(damaged) && p.start < p.end &&
					(p.end > len(out) || !bytes.Equal(out[p.start:p.end], damaged[p.start:p.end])) &&
					!overlapsHeader(p) {
					t.Fatalf("the pixels at %v changed", p)
				}
			}
		}
	}
}

// overlapsHeader reports whether pixels lie on the header, which a new directory changes.
func overlapsHeader(p span) bool { return p.overlaps(span{4, 8}) }

// Many entries that share one long value do not become many long values.
func TestTIFFEntriesThatShareAValueAreBounded(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	fields := make([]field, 3000)
	for i := range fields {
		fields[i] = field{tagArtist, 2, 40000, make([]byte, 40000)}
	}
	file := directory([]byte("II*\x00\x08\x00\x00\x00"), order, 0, fields[:1])
	entry := bytes.Clone(file[10:22])
	shared := order.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), uint16(len(fields)))
	at := 10 + 12*len(fields) + 4
	order.PutUint32(entry[8:], uint32(at))
	for range fields {
		shared = append(shared, entry...)
	}
	shared = append(shared, make([]byte, 4+40000)...)
	b := Read("tiff", shared)
	if len(b.Exif) > maxBlock || !b.Lost {
		t.Errorf("EXIF has %d bytes, lost %v", len(b.Exif), b.Lost)
	}
}
