package container

import (
	"encoding/binary"
	"iter"
)

// BlockKind is what a GIF block starts with.
type BlockKind byte

// The blocks of a GIF file (GIF89a specification, appendix A).
const (
	Screen         BlockKind = 0    // the logical screen descriptor
	GraphicControl BlockKind = 0xF9 // its data is the four bytes of the extension
	Extension      BlockKind = 0x21 // any other extension; no data
	Frame          BlockKind = 0x2C // an image descriptor; its data is the nine bytes of the descriptor
	Trailer        BlockKind = 0x3B
)

// Block is a block of a GIF file.
type Block struct {
	Kind BlockKind
	Data []byte
}

// GIF walks the blocks of a file up to the trailer. A file without trailer ends with ErrTruncated.
func GIF(src []byte) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		if len(src) < 13 || string(src[:4]) != "GIF8" {
			yield(Block{}, ErrMalformed)
			return
		}
		if !yield(Block{Kind: Screen, Data: src[6:13]}, nil) {
			return
		}
		for at := 13 + colorTable(src[10]); ; {
			block, end, err := gifBlock(src, at)
			if !yield(block, err) || err != nil || block.Kind == Trailer {
				return
			}
			at = end
		}
	}
}

func gifBlock(src []byte, at int) (b Block, end int, err error) {
	if at >= len(src) {
		return Block{}, 0, ErrTruncated
	}
	switch BlockKind(src[at]) {
	case Trailer:
		return Block{Kind: Trailer}, at + 1, nil
	case Frame:
		if len(src) < at+11 {
			return Block{}, 0, ErrTruncated
		}
		end, err = subBlocks(src, at+11+colorTable(src[at+9]))
		return Block{Kind: Frame, Data: src[at+1 : at+10]}, end, err
	case Extension:
		end, err = subBlocks(src, at+2)
		if err == nil && BlockKind(src[at+1]) == GraphicControl && src[at+2] == 4 {
			return Block{Kind: GraphicControl, Data: src[at+3 : at+7]}, end, nil
		}
		return Block{Kind: Extension}, end, err
	}
	return Block{}, 0, ErrMalformed
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

// GIFColors returns how many colours the table holds that follows a Screen or Frame block; 0 if none does.
func (b Block) GIFColors() int {
	at := map[BlockKind]int{Screen: 4, Frame: 8}[b.Kind]
	return colorTable(b.Data[at]) / 3
}
