package metadata

// The tags in which TIFF files keep what JPEG keeps in segments.
const (
	tagXMP            = 0x02BC
	tagIPTC           = 0x83BB
	tagICC            = 0x8773
	tagImageResources = 0x8649 // of Photoshop
	tagSubIFDs        = 0x014A
	tagCredential     = 0xCD41 // C2PA 2.1, annex A.3.4
	tagOldThumbnail   = 0x501B // of Windows' GDI+
)
