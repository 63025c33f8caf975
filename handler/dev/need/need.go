// Package need finds the programs that tests compare the engine with. It knows a program by what it says of itself:
// another program may have the same name.
package need

import (
	"fmt"
	"os/exec"
	"regexp"
	"sync"
	"testing"
)

// program is what tests need.
type program struct {
	name     string
	debian   string // package that has it
	commands []string
	ask      string         // argument at which it says what it is
	says     *regexp.Regexp // what it says
}

var (
	imageMagick = program{
		"ImageMagick", "imagemagick",
		[]string{"magick", "convert", "convert-im6", "convert-im6.q16", "/usr/bin/convert"},
		"-version", regexp.MustCompile(`^Version: ImageMagick \d`),
	}
	exifTool = program{
		"ExifTool", "libimage-exiftool-perl", []string{"exiftool", "/usr/bin/exiftool"},
		"-ver", regexp.MustCompile(`^\d+\.\d+\s*$`),
	}
)

// ImageMagick returns the path of ImageMagick's convert. It skips the test where there is none.
func ImageMagick(t testing.TB) string {
	t.Helper()
	return orSkip(t, findImageMagick)
}

// ExifTool returns the path of Phil Harvey's ExifTool. It skips the test where there is none.
func ExifTool(t testing.TB) string {
	t.Helper()
	return orSkip(t, findExifTool)
}

var findImageMagick, findExifTool = sync.OnceValues(imageMagick.find), sync.OnceValues(exifTool.find)

func orSkip(t testing.TB, find func() (string, error)) string {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Skip(err)
	}
	return path
}

// find returns the path of the first command that says that it is the program.
func (p program) find() (string, error) {
	others := ""
	for _, command := range p.commands {
		path, err := exec.LookPath(command)
		if err != nil {
			continue
		}
		says, err := exec.Command(path, p.ask).Output()
		if err == nil && p.says.Match(says) {
			return path, nil
		}
		others += fmt.Sprintf("; %s is another program", path)
	}
	return "", fmt.Errorf("%s is not installed: apt-get install %s%s", p.name, p.debian, others)
}
