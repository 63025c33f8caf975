package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// blob is a content that is kept on disk.
type blob struct {
	sha256 string // lower-case hex; also its name on disk
	quick  string // quickXorHash, base64
	size   int64  // bytes
	facts  facts  // what a picture says about itself; zero for other contents
}

// blobs keeps contents in a folder, each once.
type blobs struct {
	dir     string
	drawing sync.Mutex // one thumbnail at a time: decoding takes much memory
}

func openBlobs(dir string) (*blobs, error) {
	for _, sub := range []string{"content", "part", "thumb"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("graph: content folder: %w", err)
		}
	}
	return &blobs{dir: dir}, nil
}

// errTooLarge says that a content is over its limit.
var errTooLarge = errors.New("graph: content is too large")

// store reads r to its end and keeps it. More than limit bytes are errTooLarge; a limit of 0 is none.
func (b *blobs) store(r io.Reader, limit int64) (blob, error) {
	p, err := b.newPart()
	if err != nil {
		return blob{}, err
	}
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	n, err := io.Copy(p, r)
	if err == nil && limit > 0 && n > limit {
		err = errTooLarge
	}
	if err != nil {
		p.discard()
		return blob{}, err
	}
	return b.keep(p)
}

// open opens a kept content.
func (b *blobs) open(c blob) (*os.File, error) {
	return os.Open(filepath.Join(b.dir, "content", c.sha256))
}

// part is a content that is not complete yet. Its hashes run along with what is written.
type part struct {
	file  *os.File
	sha   hash.Hash
	quick quickXor
	size  int64
}

func (b *blobs) newPart() (*part, error) {
	f, err := os.CreateTemp(filepath.Join(b.dir, "part"), "*")
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return &part{file: f, sha: sha256.New()}, nil
}

// Write appends to the part.
func (p *part) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.sha.Write(data[:n])
	_, _ = p.quick.Write(data[:n])
	p.size += int64(n)
	return n, err
}

// discard removes the part.
func (p *part) discard() {
	_ = p.file.Close()
	_ = os.Remove(p.file.Name())
}

// keepWhole keeps a part that was written past Write: its hashes are taken now.
func (b *blobs) keepWhole(p *part) (blob, error) {
	if err := rewind(p.file); err != nil {
		return blob{}, fmt.Errorf("graph: %w", err)
	}
	n, err := io.Copy(io.MultiWriter(p.sha, &p.quick), p.file)
	if err != nil {
		return blob{}, fmt.Errorf("graph: %w", err)
	}
	p.size = n
	return b.keep(p)
}

// keep turns the part into a kept content and looks for what it says about itself if it is a picture.
func (b *blobs) keep(p *part) (blob, error) {
	c := blob{sha256: hex.EncodeToString(p.sha.Sum(nil)), quick: p.quick.String(), size: p.size}
	c.facts = readFacts(p.file, c.size)
	if err := p.file.Close(); err != nil {
		p.discard()
		return blob{}, fmt.Errorf("graph: %w", err)
	}
	if err := os.Rename(p.file.Name(), filepath.Join(b.dir, "content", c.sha256)); err != nil {
		p.discard()
		return blob{}, fmt.Errorf("graph: %w", err)
	}
	return c, nil
}
