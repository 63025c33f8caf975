package app

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/config"
	"imagepro/handler/imaging"
)

// limitsWith returns the limits with a setting changed; none if its name is empty.
func limitsWith(t *testing.T, name, value string) imaging.Limits {
	t.Helper()
	values := map[string]string{
		"AzureWebJobsStorage": "UseDevelopmentStorage=true", "IMAGEPRO_APP_SECRET": "secret",
		"IMAGEPRO_TOKEN_KEYS": "a:" + base64.StdEncoding.EncodeToString(make([]byte, 32)), name: value,
	}
	c, err := config.Read(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	return imageLimits(c)
}

func TestTheSettingsGiveTheLimits(t *testing.T) {
	t.Parallel()
	usual := imaging.DefaultLimits()
	usual.Bytes, usual.Memory = 50<<20, 1_000_000_000
	for name, c := range map[string]struct {
		value  string
		change func(*imaging.Limits)
	}{
		"":                     {"", func(*imaging.Limits) {}},
		"IMAGEPRO_MAX_FILE_MB": {"7", func(l *imaging.Limits) { l.Bytes = 7 << 20 }},
		"IMAGEPRO_MAX_MEGAPIXELS": {"7", func(l *imaging.Limits) {
			l.Pixels, l.ResultPixels, l.Memory = 7*million, 14*million, 140*million
		}},
		"IMAGEPRO_MAX_SIDE":                 {"7", func(l *imaging.Limits) { l.Side = 7 }},
		"IMAGEPRO_MAX_SCANS":                {"7", func(l *imaging.Limits) { l.Scans = 7 }},
		"IMAGEPRO_MAX_FRAMES":               {"7", func(l *imaging.Limits) { l.Frames = 7 }},
		"IMAGEPRO_MAX_ANIMATION_MEGAPIXELS": {"7", func(l *imaging.Limits) { l.AnimationPixels = 7 * million }},
		"IMAGEPRO_MAX_IMAGE_MB":             {"7", func(l *imaging.Limits) { l.ImageBytes = 7 * million }},
		"IMAGEPRO_MAX_IMAGE_MEGAPIXELS":     {"7", func(l *imaging.Limits) { l.ImagePixels = 7 * million }},
		"IMAGEPRO_MAX_RESULT_MEGAPIXELS":    {"7", func(l *imaging.Limits) { l.ResultPixels = 7 * million }},
		"IMAGEPRO_MAX_RESULT_SIDE":          {"7", func(l *imaging.Limits) { l.ResultSide = 7 }},
		"IMAGEPRO_MAX_MEMORY_MB":            {"70", func(l *imaging.Limits) { l.Memory = 70 * million }},
		"IMAGEPRO_EDIT_TIME":                {"7s", func(l *imaging.Limits) { l.Time = 7 * time.Second }},
	} {
		want := usual
		c.change(&want)
		if diff := cmp.Diff(want, limitsWith(t, name, c.value)); diff != "" {
			t.Errorf("%s=%s (-want +got):\n%s", name, c.value, diff)
		}
	}
}
