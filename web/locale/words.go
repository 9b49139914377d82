package locale

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// nbsp is the no-break space that keeps a figure and its unit on one line.
const nbsp = "\u00a0"

// words are what a language needs code for: the rest is in its file.
type words interface {
	plural(n int64) string
	date(t time.Time) string
	shortDate(t time.Time) string
	shortDay(t time.Time) string
	clock(t time.Time) string
	duration(days, hours, minutes int64) string
	money(sign, units, cents, currency string) string
	// stretch says two times; the second is the midnight that ends the day of the first.
	stretch(day, at, endDay, endAt string, wholeEvening bool) string
	group() string   // between thousands
	decimal() string // before tenths
}

// DateTime says an instant in the zone that it carries: «lundi 2 novembre 2026, 14 h 30».
func (l Language) DateTime(t time.Time) string { return l.Date(t) + ", " + l.Time(t) }

// Date says the day of an instant in the zone that it carries: «lundi 2 novembre 2026».
func (l Language) Date(t time.Time) string { return l.words.date(t) }

// Day says the day of an instant without its day of the week: «2 novembre 2026».
func (l Language) Day(t time.Time) string {
	_, day, _ := strings.Cut(l.words.date(t), " ")
	return day
}

// ShortDate says the day of an instant in the zone that it carries, where there is little
// room and the year is plain: «mar. 24 nov.», “Tue, Nov 24”.
func (l Language) ShortDate(t time.Time) string { return l.words.shortDate(t) }

// ShortTime says a time of day where there is little room: «14 h 30», “2:30 p.m.”, “2 p.m.”.
func (l Language) ShortTime(t time.Time) string {
	return strings.Replace(l.words.clock(t), ":00"+nbsp, nbsp, 1)
}

// ShortDay says a day of the weeks that are at hand: «mar. 24», “Tue 24”.
func (l Language) ShortDay(t time.Time) string { return l.words.shortDay(t) }

// Time says the time of day of an instant in the zone that it carries: «14 h 30».
func (l Language) Time(t time.Time) string { return l.words.clock(t) }

// Duration says a stretch of time, to the minute: «1 h 30», «30 minutes», «2 jours».
// Only whole days are said in days.
func (l Language) Duration(d time.Duration) string {
	minutes := int64(d / time.Minute)
	if minutes >= 1440 && minutes%1440 == 0 {
		return l.words.duration(minutes/1440, 0, 0)
	}
	return l.words.duration(0, minutes/60, minutes%60)
}

// Money says an amount of cents: «12,50 $», “$12.50”. A currency other than CAD is named.
func (l Language) Money(cents int64, currency string) string {
	sign := ""
	// Unsigned, so that the smallest of all numbers has a magnitude too.
	amount := uint64(cents)
	if cents < 0 {
		sign, amount = "-", -amount
	}
	units := l.grouped(strconv.FormatUint(amount/100, 10))
	return l.words.money(sign, units, fmt.Sprintf("%02d", amount%100), currency)
}

// Number says a whole number, with its thousands apart: «12 345».
func (l Language) Number(n int64) string {
	digits, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	if negative {
		return "-" + l.grouped(digits)
	}
	return l.grouped(digits)
}

// Distance says kilometres: «3,2 km» when near, «104 km» when far.
func (l Language) Distance(km float64) string {
	if km >= 10 || km < 0 {
		return l.Number(int64(km+0.5)) + nbsp + "km"
	}
	text := strconv.FormatFloat(km, 'f', 1, 64)
	return strings.Replace(text, ".", l.words.decimal(), 1) + nbsp + "km"
}

// grouped parts the thousands. Four digits stay together only in years, which are not said here.
func (l Language) grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.words.group())
		}
		b.WriteRune(d)
	}
	return b.String()
}

type frenchWords struct{}

var (
	frenchDays   = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// Months of up to four letters are written whole in French.
var (
	frenchShortDays   = [...]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."}
	frenchShortMonths = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."}
)

// In French nothing and one are singular.
func (frenchWords) plural(n int64) string {
	if n >= -1 && n <= 1 {
		return "one"
	}
	return "other"
}

func (frenchWords) date(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s%s%s %d", frenchDays[t.Weekday()], day, nbsp, frenchMonths[t.Month()-1], t.Year())
}

func (w frenchWords) shortDate(t time.Time) string {
	return w.shortDay(t) + nbsp + frenchShortMonths[t.Month()-1]
}

func (frenchWords) shortDay(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return frenchShortDays[t.Weekday()] + nbsp + day
}

func (frenchWords) clock(t time.Time) string {
	if t.Minute() == 0 {
		return fmt.Sprintf("%d%sh", t.Hour(), nbsp)
	}
	return fmt.Sprintf("%d%sh%s%02d", t.Hour(), nbsp, nbsp, t.Minute())
}

func (w frenchWords) duration(days, hours, minutes int64) string {
	switch {
	case days > 0:
		return counted(w, days, "jour", "jours")
	case hours == 0:
		return counted(w, minutes, "minute", "minutes")
	case minutes == 0:
		return fmt.Sprintf("%d%sh", hours, nbsp)
	}
	return fmt.Sprintf("%d%sh%s%02d", hours, nbsp, nbsp, minutes)
}

func (frenchWords) money(sign, units, cents, currency string) string {
	if currency == "CAD" || currency == "" {
		currency = "$"
	}
	return sign + units + "," + cents + nbsp + currency
}

func (frenchWords) stretch(day, at, endDay, endAt string, wholeEvening bool) string {
	switch {
	case wholeEvening:
		return day + ", de " + at + " à minuit"
	case day == endDay:
		return day + ", de " + at + " à " + endAt
	}
	return "du " + day + ", " + at + " au " + endDay + ", " + endAt
}

func (frenchWords) group() string   { return nbsp }
func (frenchWords) decimal() string { return "," }

type englishWords struct{}

// In English only one is singular.
func (englishWords) plural(n int64) string {
	if n == 1 || n == -1 {
		return "one"
	}
	return "other"
}

func (englishWords) date(t time.Time) string {
	return fmt.Sprintf("%s, %s%s%d, %d", t.Weekday(), t.Month(), nbsp, t.Day(), t.Year())
}

func (englishWords) shortDate(t time.Time) string {
	return fmt.Sprintf("%s, %s%s%d", t.Weekday().String()[:3], t.Month().String()[:3], nbsp, t.Day())
}

func (englishWords) shortDay(t time.Time) string {
	return t.Weekday().String()[:3] + nbsp + strconv.Itoa(t.Day())
}

func (englishWords) clock(t time.Time) string {
	half := "a.m."
	if t.Hour() >= 12 {
		half = "p.m."
	}
	return fmt.Sprintf("%d:%02d%s%s", (t.Hour()+11)%12+1, t.Minute(), nbsp, half)
}

func (w englishWords) duration(days, hours, minutes int64) string {
	switch {
	case days > 0:
		return counted(w, days, "day", "days")
	case hours == 0:
		return counted(w, minutes, "minute", "minutes")
	case minutes == 0:
		return counted(w, hours, "hour", "hours")
	}
	return fmt.Sprintf("%d%sh %d%smin", hours, nbsp, minutes, nbsp)
}

func (englishWords) money(sign, units, cents, currency string) string {
	if currency == "CAD" || currency == "" {
		return sign + "$" + units + "." + cents
	}
	return sign + currency + nbsp + units + "." + cents
}

func (englishWords) stretch(day, at, endDay, endAt string, wholeEvening bool) string {
	switch {
	case wholeEvening:
		return day + ", from " + at + " to midnight"
	case day == endDay:
		return day + ", from " + at + " to " + endAt
	}
	return "from " + day + ", " + at + " to " + endDay + ", " + endAt
}

func (englishWords) group() string   { return "," }
func (englishWords) decimal() string { return "." }

func counted(w words, n int64, one, other string) string {
	noun := other
	if w.plural(n) == "one" {
		noun = one
	}
	return strconv.FormatInt(n, 10) + nbsp + noun
}
