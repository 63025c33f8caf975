package recipe

// filters lists what the name of a filter step may be. A new filter is one file and one line here.
func filters() []operation {
	return []operation{
		{"grayscale", parseGrayscale},
		{"sepia", parseSepia},
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
