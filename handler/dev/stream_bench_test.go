package main

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"imagepro/handler/dev/stack"
)

// BenchmarkStream measures how much memory the real binary needs beyond what it has when idle, while a TIFF file of
// 199 MB passes through GET .../content and, by an upload session, through PUT .../content:
//
//	go test ./handler/dev -run '^$' -bench Stream -benchtime 3x
//
// The goal is less than 64 MiB.
func BenchmarkStream(b *testing.B) {
	s, err := stack.Start(b.Context(), stack.Options{ScriptRoot: scriptRoot, Kind: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	site, err := s.Sandbox.Graph.AddSite(s.Scene.Contoso.ID, "Bench", s.Scene.Adele.ID)
	if err != nil {
		b.Fatal(err)
	}
	var large bytes.Buffer
	if err := tiff.Encode(&large, image.NewNRGBA(image.Rect(0, 0, 7100, 7000)), nil); err != nil {
		b.Fatal(err)
	}
	file, err := s.Sandbox.Graph.PutFile(site.DriveID, "large.tiff", bytes.NewReader(large.Bytes()), s.Scene.Adele.ID)
	if err != nil {
		b.Fatal(err)
	}
	token, err := s.Token(s.Scene.Adele)
	if err != nil {
		b.Fatal(err)
	}
	base, pid := startHandler(b, s, "IMAGEPRO_MAX_FILE_MB=200")
	address := base + "/api/images/" + site.DriveID + "/" + file.ID
	send := func(method, path, tag string, body io.Reader) (http.Header, int64) {
		request, err := http.NewRequestWithContext(b.Context(), method, address+path, body)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("If-Match", tag)
		request.Header.Set("Content-Type", "image/tiff")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		defer response.Body.Close()
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			b.Fatalf("%s %s: %s, %v", method, path, response.Status, err)
		}
		return response.Header, n
	}
	tag := func() string { header, _ := send(http.MethodGet, "", "", nil); return header.Get("ETag") }
	tag()
	time.Sleep(time.Second)
	idle := memory(b, pid, "VmRSS")
	var got, put float64
	var getting, putting time.Duration
	for n := 0; b.Loop(); n++ {
		resetPeak(b, pid)
		begin := time.Now()
		if _, size := send(http.MethodGet, "/content", "", nil); size != int64(large.Len()) {
			b.Fatalf("%d bytes came", size)
		}
		getting += time.Since(begin)
		got = max(got, memory(b, pid, "VmHWM")-idle)

		content := bytes.Clone(large.Bytes())
		content[len(content)/2] = byte(n + 1) // another one each time
		before := tag()
		resetPeak(b, pid)
		begin = time.Now()
		send(http.MethodPut, "/content", before, bytes.NewReader(content))
		putting += time.Since(begin)
		put = max(put, memory(b, pid, "VmHWM")-idle)
	}
	megabytes := float64(large.Len()) / 1e6 * float64(b.N)
	b.ReportMetric(idle, "idle-MiB")
	b.ReportMetric(got, "get-above-idle-MiB")
	b.ReportMetric(put, "put-above-idle-MiB")
	b.ReportMetric(megabytes/getting.Seconds(), "get-MB/s")
	b.ReportMetric(megabytes/putting.Seconds(), "put-MB/s")
	b.ReportMetric(0, "ns/op")
}

// memory is what the system says of a process, in MiB: VmRSS is what it has now, VmHWM the most that it had.
func memory(b *testing.B, pid int, what string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	found := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		b.Fatalf("no %s in %s", what, status)
	}
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kB) / 1024
}

// resetPeak makes the system forget the most that a process had (proc(5), clear_refs).
func resetPeak(b *testing.B, pid int) {
	b.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o600); err != nil {
		b.Skip("this system does not reset the peak of a process's memory: ", err)
	}
}
