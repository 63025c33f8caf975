package icc_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"imagepro/handler/dev/need"
	"imagepro/handler/imaging/icc"
)

var update = flag.Bool("update", false, "write the profiles of testdata anew")

// tag is a tag of a profile that a test builds.
type tag struct {
	name string
	data []byte
}

// build returns a profile of a version and a colour space.
func build(version byte, space string, tags ...tag) []byte {
	head := make([]byte, 128, 1024)
	head[8] = version
	copy(head[12:], "mntr")
	copy(head[16:], space)
	copy(head[20:], "XYZ ")
	copy(head[36:], "acsp")
	copy(head[68:], []byte{0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D}) // D50
	out := binary.BigEndian.AppendUint32(head, uint32(len(tags)))
	var data []byte
	for _, t := range tags {
		out = append(out, t.name...)
		out = binary.BigEndian.AppendUint32(out, uint32(128+4+12*len(tags)+len(data)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		if data = append(data, t.data...); len(data)%4 != 0 {
			data = append(data, make([]byte, 4-len(data)%4)...)
		}
	}
	out = append(out, data...)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// fixed returns numbers as s15Fixed16.
func fixed(kind string, numbers ...float64) []byte {
	out := append([]byte(kind), 0, 0, 0, 0)
	for _, n := range numbers {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(math.Round(n*65536))))
	}
	return out
}

// formula returns a curve of a kind with its parameters.
func formula(kind byte, parameters ...float64) []byte {
	out := fixed("para", append([]float64{0}, parameters...)...)
	out[9] = kind
	return out
}

// table returns a curve of the values of a function at n places; of one value it is a gamma.
func table(n int, of func(float64) float64) []byte {
	out := append([]byte("curv"), 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(n))
	for i := range n {
		v := math.Round(65535 * of(float64(i)/max(1, float64(n-1))))
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func gamma(g float64) []byte {
	return table(1, func(float64) float64 { return math.Round(g*256) / 65535 })
}

// rgb returns a profile by a matrix, given as the columns of red, green and blue, and one curve or three.
func rgb(version byte, matrix [3][3]float64, curves ...[]byte) []byte {
	if len(curves) == 1 {
		curves = [][]byte{curves[0], curves[0], curves[0]}
	}
	var tags []tag
	for i, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		tags = append(tags, tag{name, fixed("XYZ ", matrix[i][:]...)})
	}
	for i, name := range []string{"rTRC", "gTRC", "bTRC"} {
		tags = append(tags, tag{name, curves[i]})
	}
	tags = append(tags, tag{"wtpt", fixed("XYZ ", 0.9642, 1, 0.8249)})
	if version == 4 {
		return build(version, "RGB ", append(tags, multilingual("desc", "test"), multilingual("cprt", "none"))...)
	}
	return build(version, "RGB ",
		append(tags, tag{"desc", []byte("desc\x00\x00\x00\x00\x00\x00\x00\x05test\x00" + string(make([]byte, 78)))},
			tag{"cprt", []byte("text\x00\x00\x00\x00none\x00")})...)
}

func multilingual(name, text string) tag {
	out := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS\x00\x00\x00\x00\x00\x00\x00\x1c")
	out[23] = byte(2 * len(text))
	for _, c := range text {
		out = append(out, 0, byte(c))
	}
	return tag{name, out}
}

// Primaries of well-known spaces, in the D50 connection space.
var (
	primariesP3 = [3][3]float64{{0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189},
		{0.15710, 0.06657, 0.78407}}
	primariesAdobe = [3][3]float64{{0.60974, 0.31111, 0.01947}, {0.20528, 0.62567, 0.06087},
		{0.14919, 0.06322, 0.74457}}
	primariesProPhoto = [3][3]float64{{0.79767, 0.28804, 0}, {0.13519, 0.71188, 0}, {0.03134, 0.00009, 0.82491}}
	primariesSRGB     = [3][3]float64{{0.43607, 0.22249, 0.01392}, {0.38515, 0.71687, 0.09708},
		{0.14307, 0.06061, 0.71410}}
)

func curveSRGB() []byte { return formula(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045) }

func lightSRGB(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func levelSRGB(x float64) float64 {
	if x = min(max(x, 0), 1); x <= 0.0031308 {
		return 255 * x * 12.92
	}
	return 255 * (1.055*math.Pow(x, 1/2.4) - 0.055)
}

// profiles are those that can be converted.
func profiles() map[string][]byte {
	return map[string][]byte{
		"displayp3":  rgb(4, primariesP3, curveSRGB()),
		"adobe":      rgb(2, primariesAdobe, gamma(2.19921875)),
		"prophoto":   rgb(4, primariesProPhoto, formula(3, 1.8, 1, 0, 1./16, 0.03125)),
		"srgb":       rgb(4, primariesSRGB, curveSRGB()),
		"srgb-table": rgb(2, primariesSRGB, table(1024, lightSRGB)),
		"three-curves": rgb(4, primariesSRGB, formula(0, 2.2), formula(4, 2, 0.9, 0.1, 0.5, 0.02, 0.01, 0),
			table(7, func(x float64) float64 { return x * x })),
		"formulas": rgb(4, primariesP3, formula(1, 2.2, 1.1, -0.1), formula(2, 2.2, 0.9, -0.1, 0.1), table(0, nil)),
		"gray": build(4, "GRAY", tag{"kTRC", formula(0, 1.8)}, tag{"wtpt", fixed("XYZ ", 0.9642, 1, 0.8249)},
			multilingual("desc", "test"), multilingual("cprt", "none")),
	}
}

func convert(t testing.TB, profile []byte, pixel ...byte) []byte {
	t.Helper()
	p, err := icc.Parse(profile)
	if err != nil {
		t.Fatal(err)
	}
	p.ToSRGB().Row(pixel)
	return pixel
}

// The tests of other packages read these.
func TestTheProfilesOfTestdataAreOurs(t *testing.T) {
	t.Parallel()
	all := profiles()
	for name, profile := range map[string][]byte{
		"displayp3": all["displayp3"],
		"gray":      all["gray"],
		"srgb":      all["srgb"],
		"tables":    build(4, "RGB ", tag{"A2B0", []byte("mAB ")}),
	} {
		path := filepath.Join("testdata", name+".icc")
		if *update {
			if err := os.WriteFile(path, profile, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, profile) {
			t.Errorf("%s differs (%v): go test -update writes it anew", path, err)
		}
	}
}

func TestColoursOfDisplayP3(t *testing.T) {
	t.Parallel()
	profile := profiles()["displayp3"]
	// Red of Display P3 is 1.2249, -0.0421, -0.0196 in the light of sRGB: out of reach.
	for _, c := range [][2][4]byte{
		{{255, 0, 0, 7}, {255, 0, 0, 7}},
		{{0, 255, 0, 255}, {0, 255, 0, 255}},
		{{255, 255, 255, 0}, {255, 255, 255, 0}},
		{{0, 0, 0, 255}, {0, 0, 0, 255}},
		{{128, 128, 128, 255}, {128, 128, 128, 255}},
	} {
		if got := convert(t, profile, c[0][:]...); !bytes.Equal(got, c[1][:]) {
			t.Errorf("%v is %v, want %v", c[0], got, c[1])
		}
	}
	// Within reach: the matrix of CSS Color 4 from Display P3's light to that of sRGB.
	for _, c := range [][3]byte{{200, 100, 50}, {90, 160, 120}, {120, 110, 180}, {30, 40, 35}, {240, 230, 220}} {
		r, g, b := lightSRGB(float64(c[0])/255), lightSRGB(float64(c[1])/255), lightSRGB(float64(c[2])/255)
		want := [3]float64{
			levelSRGB(1.2249401*r - 0.2249404*g), levelSRGB(-0.0420569*r + 1.0420571*g),
			levelSRGB(-0.0196376*r - 0.0786361*g + 1.0982735*b),
		}
		got := convert(t, profile, c[0], c[1], c[2], 255)
		for i := range want {
			if math.Abs(float64(got[i])-want[i]) > 1 {
				t.Errorf("%v is %v, want %.1f", c, got, want)
			}
		}
	}
}

func TestSRGBInOtherWordsIsKnown(t *testing.T) {
	t.Parallel()
	for name, profile := range profiles() {
		p, err := icc.Parse(profile)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := p.ToSRGB().IsIdentity(), name == "srgb" || name == "srgb-table"; got != want {
			t.Errorf("%s: identity %v", name, got)
		}
	}
}

// ImageMagick converts with Little CMS.
func TestLittleCMSConvertsAlike(t *testing.T) {
	t.Parallel()
	convert := need.ImageMagick(t)
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	write := func(name string, data []byte) {
		if err := os.WriteFile(path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("srgb.icc", profiles()["srgb"])
	all := profiles()
	// Ghostscript's, where it is installed
	for _, name := range []string{"a98.icc", "rommrgb.icc", "esrgb.icc", "sgray.icc"} {
		if data, err := os.ReadFile(filepath.Join("/usr/share/color/icc/ghostscript", name)); err == nil {
			all[name] = data
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for name, profile := range all {
		p, err := icc.Parse(profile)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		gray := string(profile[16:20]) == "GRAY"
		m, grays := image.NewNRGBA(image.Rect(0, 0, 64, 64)), image.NewGray(image.Rect(0, 0, 64, 64))
		for i := range 64 * 64 {
			c := color.NRGBA{R: uint8(r.Uint32()), G: uint8(r.Uint32()), B: uint8(r.Uint32()), A: 255}
			if gray {
				c.R, c.G, c.B = uint8(i), uint8(i), uint8(i)
			}
			m.SetNRGBA(i%64, i/64, c)
			grays.Pix[i] = c.R
		}
		var from bytes.Buffer
		var source image.Image = m
		if gray {
			source = grays
		}
		if err := png.Encode(&from, source); err != nil {
			t.Fatal(err)
		}
		write("from.png", from.Bytes())
		write("profile.icc", profile)
		if out, err := exec.Command(convert, path("from.png"), "-intent", "relative", "-profile", path("profile.icc"),
			"-profile", path("srgb.icc"),
			"-depth", "8", "png32:"+path("to.png")).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		to, err := os.ReadFile(path("to.png"))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := png.Decode(bytes.NewReader(to))
		if err != nil {
			t.Fatal(err)
		}
		p.ToSRGB().Row(m.Pix)
		furthest := 0
		for i := range m.Pix {
			x, y := i/4%64, i/4/64
			c := color.NRGBAModel.Convert(theirs.At(x, y)).(color.NRGBA)
			d := int(m.Pix[i]) - int([]byte{c.R, c.G, c.B, c.A}[i%4])
			furthest = max(furthest, d, -d)
		}
		t.Logf("%s: %d levels at the most", name, furthest)
		if furthest > 2 {
			t.Errorf("%s: it is %d levels from Little CMS", name, furthest)
		}
	}
}

func TestWhatCannotBeConvertedIsRefused(t *testing.T) {
	t.Parallel()
	whole := profiles()["displayp3"]
	lab := bytes.Clone(whole)
	copy(lab[20:], "Lab ")
	for name, profile := range map[string][]byte{
		"nothing":      nil,
		"a header":     whole[:128],
		"no profile":   bytes.Replace(whole, []byte("acsp"), []byte("pcsa"), 1),
		"tables":       build(4, "RGB ", tag{"A2B0", []byte("mAB ")}),
		"CMYK":         build(2, "CMYK", tag{"A2B0", []byte("mft2")}),
		"Lab":          lab,
		"no curve":     bytes.Replace(whole, []byte("gTRC"), []byte("gTRX"), 1),
		"no primary":   bytes.Replace(whole, []byte("bXYZ"), []byte("bXYX"), 1),
		"odd curve":    rgb(4, primariesP3, formula(5, 1, 2, 3, 4, 5, 6, 7)),
		"short curve":  rgb(4, primariesP3, formula(4, 2.4)),
		"long table":   rgb(4, primariesP3, []byte("curv\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00")),
		"short colour": build(4, "RGB ", tag{"rXYZ", fixed("XYZ ", 1)}),
	} {
		if p, err := icc.Parse(profile); err == nil {
			t.Errorf("%s is taken: %v", name, p)
		}
	}
	for n := range whole {
		_, _ = icc.Parse(whole[:n])
	}
}

func FuzzParse(f *testing.F) {
	for _, profile := range profiles() {
		f.Add(profile)
	}
	f.Fuzz(func(t *testing.T, profile []byte) {
		p, err := icc.Parse(profile)
		if err != nil {
			return
		}
		c := p.ToSRGB()
		c.IsIdentity()
		row := []byte{0, 0, 0, 0, 255, 255, 255, 255, 1, 128, 254, 9}
		c.Row(row)
		if alphas := fmt.Sprint(row[3], row[7], row[11]); alphas != "0 255 9" {
			t.Fatalf("alpha changed: %s", alphas)
		}
	})
}

func BenchmarkRow(b *testing.B) {
	p, err := icc.Parse(profiles()["displayp3"])
	if err != nil {
		b.Fatal(err)
	}
	c, row := p.ToSRGB(), make([]byte, 4<<20)
	for i := range row {
		row[i] = byte(i * 7)
	}
	b.SetBytes(int64(len(row)) / 4)
	for b.Loop() {
		c.Row(row)
	}
}
