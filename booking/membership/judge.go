package membership

import (
	"slices"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// usualConsentUnder is the age below which a parent consents, where a policy says nothing.
const usualConsentUnder = 14

// Judge applies every rule about persons to a. It is pure: the same standing gives the
// same verdict. It may be asked about another span, quantity or attendance than those the
// standing was read for, but about no other holder, and about no other hub or requirement
// unless it was read for Anywhere: then they have no names. All that is broken is told, but
// for what a.Waived names.
func (s *Standing) Judge(a Ask) Verdict {
	j := judging{Standing: s, ask: a, day: hours.DateOf(a.Span.Start, a.Zone), used: map[bucket]int64{}, taken: map[Use]int64{}}
	if j.force = s.inForce(a, j.day); j.force != nil {
		j.tier = TierName{j.force.slug, j.force.name}
	}
	j.verdict.Lines = make([]LineVerdict, len(a.Lines))
	j.consent()
	j.suspended()
	for i, l := range a.Lines {
		j.line = &j.verdict.Lines[i]
		j.judgeLine(l)
	}
	j.line = nil
	j.countUpcoming()
	j.verdict.Uses = j.uses()
	slices.Sort(j.verdict.Certificates)
	j.verdict.Certificates = slices.Compact(j.verdict.Certificates)
	return j.verdict
}

// A judging is one run of Judge.
type judging struct {
	*Standing
	ask     Ask
	day     hours.Date // on which the use begins
	force   *tierFacts // nil when no tier says anything
	tier    TierName
	verdict Verdict
	line    *LineVerdict     // that is being judged; nil for the whole
	used    map[bucket]int64 // by earlier lines, beside what the ledger says
	taken   map[Use]int64    // minutes by bucket; the key's own minutes are 0
	counted []string         // allowances whose upcoming bookings were counted
}

// no notes a broken rule, of the line or of the whole, unless it is waived. It reports
// whether it stands.
func (j *judging) no(code string, params fault.Params) bool {
	if j.ask.Waived[code] {
		return false
	}
	v := fault.Violation{Code: code, Params: params}
	if j.line != nil {
		j.line.Violations = append(j.line.Violations, v)
	} else {
		j.verdict.Whole = append(j.verdict.Whole, v)
	}
	return true
}

// withTier adds to figures which tier says so.
func (j *judging) withTier(params fault.Params) fault.Params {
	if j.force != nil {
		params["tier"] = j.tier.Slug
		params["tier_name"] = j.tier.Name
	}
	return params
}

// judgeLine applies the rules of one line.
func (j *judging) judgeLine(l AskLine) {
	v, q := j.line, l.Requirements
	v.Tier, v.PricePercent = j.tier, 100
	w := j.allowanceFor(l.Kind, l.CategoryID)
	if w != nil {
		v.AfterHours, v.PricePercent = w.afterHours, w.percent
		v.Horizon, v.Longest = int(or(w.horizon, 0)), int(or(w.longest, 0))
	}
	j.age(q)
	j.admitted(q)
	j.attendance(q)
	j.certified(q)
	j.terms(q)
	j.spend(l, w)
	length := int(j.ask.Span.Duration() / time.Minute)
	if q.ApprovalAbove > 0 && length > q.ApprovalAbove || j.force != nil && slices.Contains(q.ApprovalTiers, j.tier.Slug) {
		j.verdict.NeedsApproval = true
	}
}

// inForce returns the tier that counts for a booking on a day: the one of the membership
// that is nearest to the hub, then of the one that lasts longest; without a membership the
// visitor tier of the hub, else of the network, else nil.
func (s *Standing) inForce(a Ask, day hours.Date) *tierFacts {
	var best *memberFacts
	for i := range s.memberships {
		m := &s.memberships[i]
		if !m.honoured(a.HubID, a.RegionID) || !m.standsOn(day) {
			continue
		}
		if best == nil || m.nearness(a.HubID, a.RegionID) < best.nearness(a.HubID, a.RegionID) ||
			m.nearness(a.HubID, a.RegionID) == best.nearness(a.HubID, a.RegionID) && m.outlasts(best) {
			best = m
		}
	}
	if best != nil {
		return best.tier
	}
	var visitor *tierFacts
	for _, t := range s.visitors {
		if !within(day, t.validFrom, t.validUntil) || t.hub != "" && t.hub != a.HubID {
			continue
		}
		if visitor == nil || visitor.hub == "" {
			visitor = t
		}
	}
	return visitor
}

// consent asks for a parent's consent for who is known to be younger than the lines say.
func (j *judging) consent() {
	under := 0
	for _, l := range j.ask.Lines {
		u := l.Requirements.ConsentUnder
		if u == 0 {
			u = usualConsentUnder
		}
		under = max(under, u)
	}
	if j.born != nil && !j.consented && j.day.Before(addYears(*j.born, under)) {
		j.no("consent_needed", fault.Params{"under": under})
	}
}

// age asks for the least age of a line, on the day of use.
func (j *judging) age(q inventory.Requirements) {
	if q.MinimumAge <= 0 {
		return
	}
	if j.born == nil {
		j.no("age_unknown", fault.Params{"minimum_age": q.MinimumAge})
		return
	}
	if from := addYears(*j.born, q.MinimumAge); j.day.Before(from) {
		j.no("too_young", fault.Params{"minimum_age": q.MinimumAge, "from_on": from.String()})
	}
}

// admitted asks for one of the tiers that a line admits.
func (j *judging) admitted(q inventory.Requirements) {
	if len(q.Tiers) == 0 || j.force != nil && slices.Contains(q.Tiers, j.tier.Slug) {
		return
	}
	j.no("tier_not_admitted", j.withTier(fault.Params{
		"admitted": strings.Join(q.Tiers, " "), "admitted_names": together(q.Tiers, j.tierNames),
	}))
}

func (j *judging) attendance(q inventory.Requirements) {
	if persons := max(1, j.ask.Attendance); q.Attendance > 0 && persons > q.Attendance {
		j.no("attendance_exceeded", fault.Params{"attendance": persons, "most": q.Attendance})
	}
}

// terms asks that the present version of each text was accepted, before or now.
func (j *judging) terms(q inventory.Requirements) {
	for _, slug := range q.Conditions {
		c, known := j.conditions[slug]
		if !known || c.accepted || slices.Contains(j.ask.Accepts, Acceptance{slug, c.version}) {
			continue
		}
		j.no("terms_not_accepted", fault.Params{"condition": slug, "condition_name": c.name, "version": c.version})
	}
}

// Presently reports whether some terms are in their present version, as far as the Standing
// was read for them.
func (s *Standing) Presently(x Acceptance) bool {
	c, known := s.conditions[x.Condition]
	return known && c.version == x.Version
}

// countUpcoming asks that the holder has room for one more booking that has not ended, for
// each allowance that bounds them. What only ends later is no more than they have.
func (j *judging) countUpcoming() {
	if j.ask.Extends {
		return
	}
	for _, l := range j.ask.Lines {
		w := j.allowanceFor(l.Kind, l.CategoryID)
		if w == nil || w.upcoming == nil || slices.Contains(j.counted, w.id) {
			continue
		}
		j.counted = append(j.counted, w.id)
		bookings := map[string]bool{}
		for _, u := range j.upcoming {
			if u.booking != j.ask.BookingID && j.allowanceFor(u.kind, u.category) == w {
				bookings[u.booking] = true
			}
		}
		if have := int64(len(bookings)); have+1 > *w.upcoming {
			j.no("too_many_upcoming", j.withTier(fault.Params{"most": *w.upcoming, "have": have}))
		}
	}
}

// allowanceFor returns what the tier in force says of a category, else of a kind, else of
// everything; nil when it says nothing.
func (j *judging) allowanceFor(kind inventory.Kind, category string) *allowance {
	if j.force == nil {
		return nil
	}
	var best *allowance
	for _, w := range j.allowances[j.force.id] {
		switch {
		case w.category != "" && w.category == category:
			return w
		case w.category == "" && w.kind != "" && w.kind == kind:
			best = w
		case w.category == "" && w.kind == "" && best == nil:
			best = w
		}
	}
	return best
}

// together joins the names of slugs in every language; a slug without a name stands for itself.
func together(slugs []string, names map[string]inventory.Text) inventory.Text {
	all := inventory.Text{}
	for _, lang := range []string{"fr", "en"} {
		var list []string
		for _, slug := range slugs {
			name := names[slug].In(lang)
			if name == "" {
				name = slug
			}
			list = append(list, name)
		}
		all[lang] = strings.Join(list, ", ")
	}
	return all
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
