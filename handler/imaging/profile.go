package imaging

import (
	"image"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/icc"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// readProfile reads the colour profile of a file, if an output asks for it.
func (info *Info) readProfile(src []byte, out recipe.Output) {
	if out.ColorProfile == recipe.ToSRGB {
		info.profile = metadata.Read(string(info.Format), src).ICC
	}
}

// colorProfile plans that the picture gets the colours of sRGB. A profile that says in other words that it has them is
// only left out; one that does not fit the pixels is not followed.
func (p *planner) colorProfile() {
	if p.out.ColorProfile != recipe.ToSRGB || len(p.info.profile) == 0 {
		return
	}
	if p.info.CMYK {
		p.plan.warnings[WarnProfileKept] = true
		return
	}
	space := metadata.Blocks{ICC: p.info.profile}.ColorSpace()
	if space != "" && (space == "GRAY") != p.info.Gray {
		return
	}
	profile, err := icc.Parse(p.info.profile)
	if err != nil {
		p.plan.warnings[WarnProfileKept] = true
		return
	}
	p.plan.dropsProfile = true
	if c := profile.ToSRGB(); !c.IsIdentity() {
		p.plan.toSRGB = &point{"to sRGB", c.Row}
	}
}

// convertible refuses printing colours (CMYK) where a result may be saved. What they look like only a profile by tables
// says, which is not followed; without a profile nothing does. By the plain formula navy becomes a vivid blue, and the
// inks would be gone.
func (info Info) convertible(to Purpose) error {
	if !info.CMYK || to == ToShow {
		return nil
	}
	return fault.New(fault.Unsupported,
		"The picture has printing colours (CMYK). They are not converted to RGB here, as its look would change. "+
			"Convert it in a program for pictures and edit that; what the file says of it can be changed as it is.",
		nil)
}

// inSRGB returns the points that take decoded pixels to sRGB.
func (p *plan) inSRGB(size image.Point) points { return points{in: size, all: []point{*p.toSRGB}} }
