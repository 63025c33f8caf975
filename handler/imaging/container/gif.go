package container

import (
	"encoding/binary"
	"image"
	"iter"
)

// BlockKind is what a GIF block starts with.
type BlockKind byte

// The blocks of a GIF file (GIF89a specification, appendix A).
const (
	Screen         BlockKind = 0    // the logical screen descriptor
	GraphicControl BlockKind = 0xF9 // its data is the four bytes of the extension
	Extension      BlockKind = 0x21 // any other extension; its data starts with its label
	Frame          BlockKind = 0x2C // an image descriptor; its data is the nine bytes of the descriptor
	Trailer        BlockKind = 0x3B
)

// Block is a block of a GIF file.
type Block struct {
	Kind  BlockKind
	Data  []byte
	Start int // in the file
	End   int // after the block, with its colour table and its sub-blocks
}

// GIF walks the blocks of a file up to the trailer. A file without trailer ends with ErrTruncated.
func GIF(src []byte) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		if len(src) < 13 || string(src[:4]) != "GIF8" {
			yield(Block{}, ErrMalformed)
			return
		}
		block := Block{Kind: Screen, Data: src[6:13], End: 13 + colorTable(src[10])}
		for {
			if !yield(block, nil) || block.Kind == Trailer {
				return
			}
			var err error
			if block, err = gifBlock(src, block.End); err != nil {
				yield(Block{}, err)
				return
			}
		}
	}
}

func gifBlock(src []byte, at int) (b Block, err error) {
	if at >= len(src) {
		return b, ErrTruncated
	}
	b.Kind, b.Start = BlockKind(src[at]), at
	switch b.Kind {
	case Trailer:
		b.End = at + 1
		return b, nil
	case Frame:
		if len(src) < at+11 {
			return b, ErrTruncated
		}
		b.Data = src[at+1 : at+10]
		b.End, err = subBlocks(src, at+11+colorTable(src[at+9]))
		return b, err
	case Extension:
		if b.End, err = subBlocks(src, at+2); err != nil {
			return b, err
		}
		if b.Data = src[at+1 : b.End]; BlockKind(b.Data[0]) == GraphicControl && b.Data[1] == 4 {
			b.Kind, b.Data = GraphicControl, b.Data[2:6]
		}
		return b, nil
	}
	return b, ErrMalformed
}

// subBlocks returns the end of a chain of data sub-blocks.
func subBlocks(src []byte, at int) (end int, err error) {
	for at < len(src) {
		n := int(src[at])
		at += 1 + n
		if n == 0 {
			return at, nil
		}
	}
	return 0, ErrTruncated
}

// colorTable returns the bytes of the colour table that a packed field announces.
func colorTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// GIFSize returns the logical screen's sides from a Screen block.
func (b Block) GIFSize() (width, height int) {
	return int(binary.LittleEndian.Uint16(b.Data)), int(binary.LittleEndian.Uint16(b.Data[2:]))
}

// GIFPlace returns the rectangle of a Frame block on the screen.
func (b Block) GIFPlace() image.Rectangle {
	at := func(i int) int { return int(binary.LittleEndian.Uint16(b.Data[2*i:])) }
	return image.Rect(at(0), at(1), at(0)+at(2), at(1)+at(3))
}

// GIFLoops returns how often an Extension block says that an animation is repeated, 0 for ever. It reports false if it
// says nothing of that.
func (b Block) GIFLoops() (repeats int, ok bool) {
	const name = "\xFF\x0BNETSCAPE2.0\x03\x01"
	if len(b.Data) < len(name)+2 || string(b.Data[:len(name)]) != name {
		return 0, false
	}
	return int(binary.LittleEndian.Uint16(b.Data[len(name):])), true
}

// GIFColors returns how many colours the table holds that follows a Screen or Frame block; 0 if none does.
func (b Block) GIFColors() int {
	at := map[BlockKind]int{Screen: 4, Frame: 8}[b.Kind]
	return colorTable(b.Data[at]) / 3
}
