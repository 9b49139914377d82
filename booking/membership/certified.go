package membership

import (
	"strings"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// A certificateFacts is one certificate of the member that counts for a certification at
// a hub, revoked ones left out.
type certificateFacts struct {
	id           string
	from, until  string // days; until "" for no end
	hub          string // where it counts, "" for everywhere
	givenAt      time.Time
	unusedMonths int
	uses         []hours.Span // bookings that rested on it
}

// lastDay returns the last day on which a certificate counts, as it stands before a span;
// "" for no end. unused is set when it ends because it was not used.
func (c certificateFacts) lastDay(before time.Time, zone *time.Location) (last string, unused bool) {
	last = c.until
	if c.unusedMonths == 0 {
		return last, false
	}
	used := hours.DateOf(c.givenAt, zone)
	if from, ok := dateOf(c.from); ok && used.Before(from) {
		used = from
	}
	for _, u := range c.uses {
		if day := hours.DateOf(u.End, zone); u.Start.Before(before) && used.Before(day) {
			used = day
		}
	}
	if idle := addMonths(used, c.unusedMonths).String(); last == "" || idle < last {
		return idle, true
	}
	return last, false
}

// certified asks for the certifications of a line: all of them, or any. It notes the
// certificates that the booking rests on.
func (j *judging) certified(q inventory.Requirements) {
	var broken []fault.Violation
	for _, slug := range q.Certifications {
		id, v := j.holds(slug)
		if id != "" {
			j.verdict.Certificates = append(j.verdict.Certificates, id)
			if q.AnyCertification {
				return
			}
			continue
		}
		broken = append(broken, v)
	}
	if q.AnyCertification && len(broken) > 1 {
		j.noneOf(q.Certifications, broken)
		return
	}
	for _, v := range broken {
		j.no(v.Code, v.Params)
	}
}

// noneOf tells of several certifications of which one would be enough: that one has
// lapsed, or all that would do.
func (j *judging) noneOf(slugs []string, broken []fault.Violation) {
	for _, v := range broken {
		if v.Code == "certification_lapses" {
			j.no(v.Code, v.Params)
			return
		}
	}
	j.no("certification_missing", fault.Params{"any": strings.Join(slugs, " "), "any_names": together(slugs, j.certificationNames)})
}

// holds returns the certificate that counts for a certification on the day of use, the one
// that lasts longest; or why there is none.
func (j *judging) holds(slug string) (id string, why fault.Violation) {
	params := fault.Params{"certification": slug, "certification_name": together([]string{slug}, j.certificationNames)}
	why = fault.Violation{Code: "certification_missing", Params: params}
	best, ended, starts, idle := "", "", "", 0
	for _, c := range j.certificates[slug] {
		if c.hub != "" && c.hub != j.ask.HubID {
			continue
		}
		last, unused := c.lastDay(j.ask.Span.Start, j.ask.Zone)
		switch {
		case within(j.day, c.from, last):
			if id == "" || best != "" && (last == "" || best < last) {
				id, best = c.id, last
			}
		case c.from > j.day.String():
			if starts == "" || c.from < starts {
				starts = c.from
			}
		case ended < last:
			ended, idle = last, 0
			if unused {
				idle = c.unusedMonths
			}
		}
	}
	if id != "" {
		return id, why
	}
	if ended != "" {
		params["until_on"] = ended
		if idle > 0 {
			params["unused_months"] = idle
		}
		why.Code = "certification_lapses"
	} else if starts != "" {
		params["from_on"] = starts
	}
	return "", why
}
