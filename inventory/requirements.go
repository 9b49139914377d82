package inventory

import (
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
)

// Bounds of what a policy asks of persons.
const (
	maxSlugs     = 20 // of one list
	maxAge       = 120
	leastConsent = 14 // under this age the law asks for a parent's consent, whatever a policy says
	mostConsent  = 21 // the highest age of majority, wherever a hub may be
)

// bounds notes figures that are out of range, and lists that cannot be read.
func (q Requirements) bounds(c *check) {
	for _, list := range []struct {
		field string
		slugs []string
	}{
		{"policy.certifications", q.Certifications}, {"policy.tiers", q.Tiers},
		{"policy.approval_tiers", q.ApprovalTiers}, {"policy.conditions", q.Conditions},
	} {
		if len(list.slugs) > maxSlugs {
			c.refuse(list.field, "too_many_items", fault.Params{"max": maxSlugs})
		} else if slices.ContainsFunc(list.slugs, func(s string) bool { return len(s) > maxSlug || !slugForm.MatchString(s) }) {
			c.unreadable(list.field, "bad_slug")
		}
	}
	c.between("policy.approval_above_min", q.ApprovalAbove, 0, maxLongest)
	c.between("policy.answer_within_min", q.AnswerWithin, 0, maxLeadTimes)
	c.between("policy.minimum_age", q.MinimumAge, 0, maxAge)
	if q.ConsentUnder != 0 {
		c.between("policy.consent_under", q.ConsentUnder, leastConsent, mostConsent)
	}
	c.between("policy.attendance", q.Attendance, 0, maxCapacity)
	c.between("policy.no_show_after_min", q.NoShowAfter, 0, dayMinutes)
}

// refer refuses slugs that are nobody's. Those of was are left alone: what is there may
// name what a later edit took away, and must not stand in the way of other edits.
func (e PolicyEdits) refer(r database.Reader, c *check, was Requirements, withCertifications bool) error {
	for _, x := range []struct {
		field, code, table string
		given              *[]string
		known              []string
	}{
		{"policy.certifications", "unknown_certification", "certifications", e.Certifications, was.Certifications},
		{"policy.tiers", "unknown_tier", "tiers", e.Tiers, was.Tiers},
		{"policy.approval_tiers", "unknown_tier", "tiers", e.ApprovalTiers, was.ApprovalTiers},
		{"policy.conditions", "unknown_condition", "conditions", e.Conditions, was.Conditions},
	} {
		if x.given == nil || c.has(x.field) || x.table == "certifications" && !withCertifications {
			continue
		}
		unknown, err := strangers(r, x.table, *x.given)
		if err != nil {
			return err
		}
		for _, slug := range unknown {
			if !slices.Contains(x.known, slug) {
				c.refuse(x.field, x.code, fault.Params{"slug": slug})
			}
		}
	}
	return nil
}

// strangers returns those of the slugs that no row of the table has. The table is a word
// of this package, never of a caller.
func strangers(r database.Reader, table string, slugs []string) ([]string, error) {
	if len(slugs) == 0 {
		return nil, nil
	}
	var known []string
	if err := r.SelectIn(&known, `SELECT slug FROM `+table+` WHERE slug IN ($list)`, slugs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(slugs), func(s string) bool { return slices.Contains(known, s) }), nil
}
