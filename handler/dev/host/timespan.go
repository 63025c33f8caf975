package host

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var timeSpan = regexp.MustCompile(`^(?:(\d{1,5})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$`)

// parseTimeSpan reads the .NET form of a duration, [d.]hh:mm[:ss[.fffffff]]. A bare number, which .NET takes
// for days, is refused: whoever writes it means something else.
func parseTimeSpan(text string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span like 00:05:00", text)
	}
	var parts [4]int64
	for i, part := range m[1:5] {
		parts[i], _ = strconv.ParseInt("0"+part, 10, 64)
	}
	if parts[1] > 23 || parts[2] > 59 || parts[3] > 59 {
		return 0, fmt.Errorf("%q is not a time span: hours go to 23, minutes and seconds to 59", text)
	}
	ticks, _ := strconv.ParseInt((m[5] + strings.Repeat("0", 7))[:7], 10, 64)
	return time.Duration(parts[0])*24*time.Hour + time.Duration(parts[1])*time.Hour +
		time.Duration(parts[2])*time.Minute + time.Duration(parts[3])*time.Second +
		time.Duration(ticks)*100*time.Nanosecond, nil
}
