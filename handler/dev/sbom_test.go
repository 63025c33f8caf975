package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestABillOfMaterialsIsTheSameEveryTimeAndItsLicencesAreJudged(t *testing.T) {
	t.Parallel()
	const bill = `{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:1",` +
		`"metadata":{"timestamp":"2026-01-01T00:00:00Z","component":{"name":"x"}},"components":[` +
		`{"name":"a","version":"1","licenses":[{"license":{"id":"MIT"}}]},{"name":"b","version":"2",` +
		`"evidence":{"licenses":[{"license":{"id":"Apache-2.0"}}]}}%]}`
	for extra, want := range map[string]string{
		"": "", `,{"name":"c","version":"3"}`: "c 3 ()",
		`,{"name":"c","version":"3","licenses":[{"license":{"id":"AGPL-3.0-only"}}]}`: "c 3 (AGPL-3.0-only)",
		`,{"name":"c","version":"3","licenses":[{"expression":"MIT OR GPL-2.0"}]}`:    "c 3 (MIT OR GPL-2.0)",
	} {
		parts, text, err := readBill([]byte(strings.Replace(bill, "%", extra, 1)))
		if err != nil || strings.Contains(string(text), "urn:uuid") || strings.Contains(string(text), "timestamp") ||
			!strings.Contains(string(text), `"name": "x"`) {
			t.Fatalf("%v\n%s", err, text)
		}
		var out bytes.Buffer
		err = judge(parts, &out)
		if (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", extra, err, want)
		}
		if !strings.Contains(out.String(), "    1  MIT\n") {
			t.Errorf("the table is %q", out.String())
		}
	}
	if _, _, err := readBill([]byte(`{"components":[]}`)); err == nil {
		t.Error("a bill without parts is taken")
	}
}
