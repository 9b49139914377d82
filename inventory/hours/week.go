package hours

import (
	"cmp"
	"slices"
	"strings"

	"canot/internal/fault"
)

// A Week is the opening hours of each day of the week, from Monday at 0 to Sunday at 6. The spans
// of a day are in order and do not overlap; a day without spans is closed.
type Week [7][]DaySpan

var dayNames = [7]string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"}

// ParseWeek reads weekly hours as people and OpenStreetMap write them:
//
//	Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00
//	Mo,We,Fr 18:00-02:00
//	24/7
//
// Several rules for a day add up; a span that closes no later than it opens runs past midnight; a
// day that is not named is closed, and so is every day of an empty text. What cannot be read is a
// fault with the code bad_hours and the rule that is wrong in its params; so are spans of one day
// that overlap.
func ParseWeek(s string) (Week, error) {
	var w Week
	if strings.TrimSpace(s) == "24/7" {
		s = "Mo-Su 00:00-24:00"
	}
	if strings.TrimSpace(s) == "" {
		return w, nil
	}
	for _, rule := range strings.Split(strings.TrimSuffix(strings.TrimSpace(s), ";"), ";") {
		rule = strings.TrimSpace(rule)
		days, times, _ := strings.Cut(rule, " ")
		named, ok := parseDays(days)
		if !ok {
			return Week{}, badHours(rule)
		}
		spans, err := ParseDay(times)
		if err != nil || len(spans) == 0 {
			return Week{}, badHours(rule)
		}
		for day, has := range named {
			if !has {
				continue
			}
			w[day] = append(w[day], spans...)
			if w[day], err = SortDay(w[day]); err != nil {
				return Week{}, badHours(rule)
			}
		}
	}
	return w, nil
}

// String writes w so that ParseWeek reads it: neighbouring days with the same hours share a rule.
func (w Week) String() string {
	var rules []string
	for day := 0; day < 7; {
		last := day
		for last < 6 && slices.Equal(w[last+1], w[day]) {
			last++
		}
		if len(w[day]) > 0 {
			name := dayNames[day]
			if last > day {
				name += "-" + dayNames[last]
			}
			rules = append(rules, name+" "+FormatDay(w[day]))
		}
		day = last + 1
	}
	return strings.Join(rules, "; ")
}

// On returns the hours of the week's day that d is. The caller does not change them.
func (w Week) On(d Date) []DaySpan { return w[(int(d.Weekday())+6)%7] }

// parseDays reads "Mo", "Mo-Fr", "Fr-Mo" and lists of them with commas.
func parseDays(s string) (days [7]bool, ok bool) {
	for _, part := range strings.Split(s, ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, to := dayIndex(first), dayIndex(last)
		if !ranged {
			to = from
		}
		if from < 0 || to < 0 {
			return days, false
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == to {
				break
			}
		}
	}
	return days, true
}

func dayIndex(name string) int {
	return slices.IndexFunc(dayNames[:], func(d string) bool { return strings.EqualFold(d, name) })
}

// ParseDay reads the hours of one day, "09:00-12:00,13:00-17:00", and puts them in order. An empty
// text is closed all day. Its errors are those of ParseWeek.
func ParseDay(s string) ([]DaySpan, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var spans []DaySpan
	for _, part := range strings.Split(s, ",") {
		opens, closes, _ := strings.Cut(part, "-")
		span := DaySpan{parseMinutes(opens), parseMinutes(closes)}
		if span.Opens >= 0 && span.Closes >= 0 && span.Closes <= span.Opens {
			span.Closes += aDay
		}
		spans = append(spans, span)
	}
	spans, err := SortDay(spans)
	if err != nil {
		return nil, badHours(s)
	}
	return spans, nil
}

// FormatDay writes the hours of a day so that ParseDay reads them.
func FormatDay(spans []DaySpan) string {
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = s.String()
	}
	return strings.Join(texts, ",")
}

// SortDay returns the spans of a day in order. It refuses with the code bad_hours a span that is
// empty, that opens outside its day or closes after the end of the next, and spans that overlap;
// touching is allowed.
func SortDay(spans []DaySpan) ([]DaySpan, error) {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b DaySpan) int { return cmp.Compare(a.Opens, b.Opens) })
	for i, s := range sorted {
		if s.Opens < 0 || s.Opens >= aDay || s.Closes <= s.Opens || s.Closes > twoDays {
			return nil, badHours(s.String())
		}
		if i > 0 && s.Opens < sorted[i-1].Closes {
			return nil, badHours(s.String())
		}
	}
	return sorted, nil
}

// parseMinutes reads "9:00", "09:00" or "26:00", and returns -1 for anything else.
func parseMinutes(s string) Minutes {
	hour, minute, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok || len(hour) < 1 || len(hour) > 2 || len(minute) != 2 {
		return -1
	}
	h, m := digits(hour), digits(minute)
	if h < 0 || m < 0 || m > 59 || h*60+m > int(twoDays) {
		return -1
	}
	return Minutes(h*60 + m)
}

// digits reads a short decimal number, and returns -1 when there is anything else in s.
func digits(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func badHours(rule string) error {
	return fault.New(fault.Malformed, "bad_hours", fault.Params{"rule": strings.ToValidUTF8(rule, "?")})
}
