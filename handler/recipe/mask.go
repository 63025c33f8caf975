package recipe

// Channel is what of a mask's pixels counts.
type Channel string

// The channels. What is transparent in a mask counts as black.
const (
	ChannelLuma  Channel = "luma" // Rec. 709
	ChannelRed   Channel = "red"  // as in Toast UI's editor
	ChannelAlpha Channel = "alpha"
)

// Mask multiplies the picture's alpha by the levels of another picture: what is black there becomes transparent.
type Mask struct {
	Image   Image
	Channel Channel
	Invert  bool
	// Fit is Fill, Contain or Cover. What a contained mask does not reach counts as black, before Invert.
	Fit     Fit
	Gravity Gravity // of a mask that is contained or covers
}

// Op returns "mask".
func (Mask) Op() string { return "mask" }

func parseMask(o *object) Step {
	return Mask{
		Image:   o.image(),
		Channel: word(o, "channel", ChannelLuma, ChannelLuma, ChannelRed, ChannelAlpha),
		Invert:  o.boolean("invert", false),
		Fit:     word(o, "fit", Fill, Fill, Contain, Cover),
		Gravity: o.gravity(Center),
	}
}
