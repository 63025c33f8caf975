package recipe

// filters lists what the name of a filter step may be. A new filter is one file and one line here.
func filters() []operation {
	return []operation{
		{"blackWhite", parseToned("blackWhite")},
		{"brownie", parseToned("brownie")},
		{"duotone", parseDuotone},
		{"grayscale", parseGrayscale},
		{"invert", parseInvert},
		{"kodachrome", parseToned("kodachrome")},
		{"polaroid", parseToned("polaroid")},
		{"posterize", parsePosterize},
		{"sepia", parseSepia},
		{"solarize", parseSolarize},
		{"technicolor", parseToned("technicolor")},
		{"threshold", parseThreshold},
		{"vignette", parseVignette},
		{"vintage", parseToned("vintage")},
	}
}

func parseFilter(o *object) Step {
	all := filters()
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	name := word(o, "name", "", names...)
	for _, f := range all {
		if f.name == name {
			return f.parse(o)
		}
	}
	return nil
}
