package photos

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"time"
)

// plan is all that is decided about a picture before it is drawn.
type plan struct {
	photo      Photo
	number     int // from 1; it is drawn into the picture
	scene      func(*painter)
	seed       uint64
	grain      float32
	properties properties
}

// scene is something to photograph and how its files are named; %d is a number.
type scene struct {
	paint func(*painter)
	name  string
	limit int // of the number
}

// photographs are the scenes of JPEG files.
func photographs() []scene {
	return []scene{
		{lake, "IMG_%04d.jpg", 9990},
		{skyline, "DSC%05d.JPG", 9990},
		{portrait, "Portrait session %d.jpg", 40},
		{meadow, "IMG_%04d.jpg", 9990},
		{bottle, "Product %04d front.jpg", 9990},
		{dusk, "DSC%05d.JPG", 9990},
		{fair, "Summer fair (%d).jpg", 40},
		{blossom, "P10%05d.JPG", 9990},
		{aurora, "Tromsø %d.jpeg", 40},
		{street, "20250914_21%04d.jpg", 9990},
		{forest, "DJI_%04d.JPG", 9990},
		{fruits, "Küche_%02d.jpg", 40},
		{dunes, "_MG_%04d.jpg", 9990},
	}
}

// cutouts are the scenes of PNG files.
func cutouts() []scene {
	return []scene{
		{mug, "mug-%d-cutout.png", 40},
		{badge, "Logo final v%d.png", 40},
		{stage, "Bühne_%02d.png", 40},
		{petals, "Blüte freigestellt %d.png", 40},
	}
}

// isCutout tells which pictures are PNG files; i counts from 0.
func isCutout(i int) bool { return i >= 8 && i <= 10 || i > 10 && i%10 == 0 }

// plan decides about all pictures. Sizes are spread over the whole range, small ones more often.
func (o Options) plan(dir string) []plan {
	r := rand.New(rand.NewPCG(o.Seed, 0x706c616e))
	places := r.Perm(o.Count) // which part of the range of sizes a picture has
	out := make([]plan, o.Count)
	used := map[string]bool{}
	opaque, cut := 0, 0
	for i := range out {
		p := plan{number: i + 1, seed: o.Seed, grain: 2.3 + 1.5*r.Float32()}
		p.photo = Photo{Orientation: 1, Format: "jpeg"}
		var s scene
		size := math.Pow((float64(places[i])+r.Float64())/float64(o.Count), 1.5)
		if isCutout(i) {
			s = cutouts()[cut%len(cutouts())]
			p.photo.Format, p.grain = "png", 0.7
			size *= 0.3
			cut++
		} else {
			s = photographs()[opaque%len(photographs())]
			p.photo.Orientation = orientation(opaque, r)
			opaque++
		}
		p.scene = s.paint
		p.photo.Name = s.unusedName(r, used)
		p.photo.Path = filepath.Join(dir, p.photo.Name)
		p.photo.Width, p.photo.Height = dimensions(o.MinMegapixels+(o.MaxMegapixels-o.MinMegapixels)*size, i, r)
		p.properties = describe(p.photo, i, r)
		out[i] = p
	}
	return out
}

// orientation gives the first eight pictures one of each and the others what cameras write most.
func orientation(i int, r *rand.Rand) int {
	if i < 8 {
		return i + 1
	}
	return []int{1, 1, 1, 6, 6, 8, 3}[r.IntN(7)]
}

// unusedName returns a name of the scene's series that is not used yet, and marks it as used.
func (s scene) unusedName(r *rand.Rand, used map[string]bool) string {
	for limit := s.limit; ; limit++ { // a series that is full becomes longer
		name := fmt.Sprintf(s.name, 1+r.IntN(limit))
		if !used[name] {
			used[name] = true
			return name
		}
	}
}

// dimensions returns width and height, upright, for about so many pixels; one in four is upright format.
func dimensions(megapixels float64, i int, r *rand.Rand) (int, int) {
	ratio := []float64{3.0 / 2, 4.0 / 3, 3.0 / 2, 16.0 / 9}[r.IntN(4)]
	if i%4 == 2 {
		ratio = 1 / min(ratio, 1.5)
	}
	height := math.Sqrt(megapixels * 1e6 / ratio)
	return max(16, int(height*ratio)), max(16, int(height))
}

// describe invents what the camera says about a picture. Byte orders take turns.
func describe(photo Photo, i int, r *rand.Rand) properties {
	camera := [][2]string{{"Halden", "Halden R6"}, {"Orrin Optical", "OX-400"}, {"Veld", "Veld 12 Pro"}}[r.IntN(3)]
	artist := []string{"Mara Lindqvist", "Jonas Keller", "Adaeze Obi"}[r.IntN(3)]
	first := time.Date(2025, time.May, 3, 9, 0, 0, 0, time.UTC)
	p := properties{
		orientation: photo.Orientation,
		iso:         100 << r.IntN(5),
		make:        camera[0],
		model:       camera[1],
		artist:      artist,
		taken:       first.Add(time.Duration(i)*53*time.Hour + time.Duration(r.IntN(36000))*time.Second),
		order:       binary.LittleEndian,
		orderMark:   "II",
	}
	if i%2 == 1 {
		p.order, p.orderMark = binary.BigEndian, "MM"
	}
	p.copyright = fmt.Sprintf("Copyright %d %s", p.taken.Year(), artist)
	p.width, p.height = storedSize(photo.Orientation, photo.Width, photo.Height)
	return p
}
