package main

import (
	"testing"
	"time"
)

// BenchmarkStart measures from exec of the built binary to its first 200 of GET /api/health, with everything
// else unreachable. The aim is less than 150 ms, so that a cold start is the host's alone:
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
	b.ReportMetric(0, "ns/op") // would count the end of the process as well
}
