package booking

import (
	"context"
	"errors"
	"slices"
	"time"

	"canot/internal/fault"
	"canot/inventory/hours"
)

// refuse makes the refusal of an ask.
func (b *Book) refuse(ctx context.Context, a ask, broken []fault.Violation, brief bool) error {
	r := &Refusal{Fault: refusalOf(broken)}
	if brief {
		return r
	}
	r.Help = helpFor(a, broken)
	if !curable(broken) {
		return r
	}
	var err error
	if r.Alternatives, err = b.alternatives(ctx, a); err != nil {
		return err
	}
	return r
}

// withAlternatives gives a refusal that was made under the lock its alternatives:
// nothing is looked up while others wait.
func (b *Book) withAlternatives(ctx context.Context, a ask, err error, brief bool) error {
	var r *Refusal
	if errors.As(err, &r) {
		return b.refuse(ctx, a, r.Fault.Violations, brief)
	}
	return err
}

// curable reports whether another time or resource could mend every broken rule.
func curable(broken []fault.Violation) bool {
	for _, v := range broken {
		switch v.Code {
		case "taken", "too_many", "closed", "ends_closed", "never_open", "closure", "in_past", "too_soon", "too_far",
			"too_short", "too_long", "off_grain", "archived", "already_started", "tier_too_far", "tier_too_long", "quota_spent",
			"certification_missing", "certification_lapses", "tier_not_admitted":
		default:
			return false
		}
	}
	return true
}

// refusalOf is Taken when the time is taken and that is all; a rule says no otherwise.
func refusalOf(broken []fault.Violation) *fault.Error {
	f := fault.New(fault.Taken, "conflict", nil)
	for _, v := range broken {
		if !takenCodes[v.Code] {
			f = fault.New(fault.Refused, "rules", nil)
			break
		}
	}
	f.Violations = sayWhoWaives(broken)
	return f
}

// takenCodes are the violations that say that something is taken, and nothing else.
var takenCodes = map[string]bool{
	"taken": true, "already_out": true, "unit_promised": true, "unit_out": true, "extension_taken": true, "swap_impossible": true,
}

// helpFor says whom to ask at the hub of an ask, when one of the broken rules is one that
// a person there may lift, or may help with.
func helpFor(a ask, broken []fault.Violation) *Help {
	if len(a.lines) == 0 || !slices.ContainsFunc(broken, func(v fault.Violation) bool { return len(v.WaivableBy) > 0 || helped[v.Code] }) {
		return nil
	}
	t := a.lines[0].terms
	return &Help{Hub: t.HubSlug, Name: t.HubName, Phone: t.Phone, Email: t.Email}
}

// helped are the rules that nobody lifts, but that somebody at the hub settles.
var helped = map[string]bool{"consent_needed": true, "unknown_member": true}

// longestSpan is more than any policy can allow: its longest is bounded by what availability
// shows at once.
const longestSpan = maxDays*24*time.Hour + time.Hour

// endless refuses an ask that no policy could grant before it is judged: judging looks at
// every day of it, and anybody may ask for a thousand years.
func endless(a ask) error {
	if a.span.Duration() <= longestSpan || a.old != nil && !a.takesMore() {
		return nil
	}
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "too_long", Params: fault.Params{"field": "ends_at", "longest_min": maxDays * 24 * 60}}})}
}

// meant refuses an instant of a field that nobody means, as hours.Absurd says; one that is not given is
// none.
func meant(field string, at *time.Time) error {
	if at == nil || !hours.Absurd(*at) {
		return nil
	}
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "absurd_date", Params: fault.Params{"field": field}}})}
}
