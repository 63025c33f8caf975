package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// shippedSize builds the program as make build does, and returns its size in bytes.
func shippedSize(dir string) (int64, error) {
	file := filepath.Join(dir, "handler")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file,
		".").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// BenchmarkStart measures from exec of the built binary to its first 200 of GET /api/health, with everything
// else unreachable, and how large the binary is as it is shipped: without symbols. The aims are 60 ms and 45 MB:
//
//	go test ./handler -run '^$' -bench Start -benchtime 20x
func BenchmarkStart(b *testing.B) {
	if _, err := build(); err != nil {
		b.Fatal(err)
	}
	var total time.Duration
	n := 0
	for b.Loop() {
		settings := away(b)
		begin := time.Now()
		r := start(b, settings)
		await(b, base(settings)+"/api/health")
		total += time.Since(begin)
		n++
		r.Kill()
	}
	b.ReportMetric(float64(total.Microseconds())/1000/float64(n), "ms/start")
	size, err := shippedSize(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/1e6, "MB/binary")
	b.ReportMetric(0, "ns/op") // would count the end of the process as well
}
