package web

import (
	"cmp"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

const (
	nextDays     = 30 // in which the next free times of a resource are looked for
	nextTimes    = 8
	nextPerDay   = 4
	mostSimilar  = 3
	similarFound = 50
)

// resourceView is one resource: what it is, what it needs, what it costs, when it is free.
type resourceView struct {
	frame
	Name               phrase
	Kind, KindName     string
	Description, Bring phrase
	Accessibility      phrase
	Notes              phrase
	About              []findFact // what it is
	Rules              []findFact // what it asks of a booking
	Tags               []findLink
	Hub, Town, HubPath string
	Wheelchair         string
	Phone, Email       string
	Archived, OutOfUse bool
	Certificates       []certificateNeed
	AnyCertificate     bool
	Needs              []string
	Terms              []findLink
	Price, Hourly      string
	PriceNote          string
	Times              []findTime
	Label              string
	When, Calendar     string
	Category           string // its calendar
	Feed               feedLink
	Similar            []findItem
	SimilarAll         string
}

// Call is the link to the telephone, "" for none.
func (v resourceView) Call() template.URL { return telephone(v.Phone) }

// findFact is one fact with its name.
type findFact struct{ Name, Words string }

// certificateNeed is a certification that is asked for, and how who reads stands to it.
type certificateNeed struct {
	Name, Words string
	Has         bool
}

func resourcePage(p *page) error {
	ctx, now := p.c.Request.Context(), p.DB.Now()
	slots, err := p.Book.Slots(ctx, p.v.Actor, booking.SlotQuery{Lines: justOne(p.c.Param("resource")), From: now, To: now.AddDate(0, 0, nextDays)})
	if err != nil {
		return err
	}
	t := slots.Terms[0]
	r, lang := t.Resource, p.l.Tag()
	f := resourceView{
		frame: p.frame(r.Name.In(lang)), Name: p.phrase(r.Name), Kind: string(r.Kind), KindName: p.l.Say("page.kind."+string(r.Kind), nil),
		Description: p.phrase(r.Description), Bring: p.phrase(r.Bring), Accessibility: p.phrase(r.Accessibility), Notes: p.notes(r),
		Hub: t.HubName.In(lang), Town: townBeside(t.HubName.In(lang), t.Town), HubPath: hubAddress(t.HubSlug), Phone: t.Phone, Email: t.Email,
		Archived: r.Archived, OutOfUse: len(t.Units) == 0, AnyCertificate: r.Policy.AnyCertification && len(r.Policy.Certifications) > 1,
		When: whenAddress(justOne(r.Slug), ""), Calendar: resourceAddress(r.Slug) + "/calendrier", Category: categoryAddress(r.CategorySlug),
		SimilarAll: findAsk{Category: r.CategorySlug, Near: t.HubSlug}.address(),
	}
	f.Wide, f.Summary = true, clipped(f.Description.Text, 160)
	f.Feed = p.feedLink("/calendars/resources/"+url.PathEscape(r.Slug)+".ics", nil)
	if t.Wheelchair != "" && t.Wheelchair != "unknown" {
		f.Wheelchair = p.l.Say("page.wheelchair."+t.Wheelchair, nil)
	}
	for _, tag := range r.Tags {
		f.Tags = append(f.Tags, findLink{findAsk{Tag: tag}.address(), p.tag(tag)})
	}
	f.About, f.Rules = p.aboutResource(t), p.rulesOf(t, slots)
	if err := f.personal(p, slots, now); err != nil {
		return err
	}
	if !r.Archived {
		f.times(p, t, slots)
	}
	return f.finish(p, t, now)
}

// finish looks for similar ones, and shows the page.
func (f *resourceView) finish(p *page, t *inventory.Terms, now time.Time) error {
	q := booking.BrowseQuery{Near: t.Resource.HubID, Untimed: true, Limit: similarFound, Language: p.l.Tag()}
	q.Category, q.From, q.To = t.Resource.CategoryID, now, now.Add(time.Hour)
	found, err := p.Book.Browse(p.c.Request.Context(), p.v.Actor, q)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	for _, x := range found.Items {
		if x.Terms.Resource.HubID == t.Resource.HubID || len(f.Similar) == mostSimilar {
			continue
		}
		item, err := p.findItem(x, "", "", time.Time{})
		if err != nil {
			return err
		}
		item.Far = p.l.Distance(x.DistanceKm)
		f.Similar = append(f.Similar, item)
	}
	return p.show(http.StatusOK, "resource", *f)
}

// feedLink is where one subscribes to a calendar.
type feedLink struct {
	Subscribe template.URL // for calendar programs, "" where the site's own address is not known
	File      string       // the address, whole where the site's own is known
	Open      bool         // it is shown unasked
}

// feedLink is a feed in the language of the page.
func (p *page) feedLink(path string, q url.Values) feedLink {
	if p.l.Tag() != "fr" {
		q = maps.Clone(q)
		if q == nil {
			q = url.Values{}
		}
		q.Set("lang", p.l.Tag())
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	site, err := url.Parse(p.PublicURL)
	if err != nil || site.Host == "" {
		return feedLink{File: path}
	}
	whole := strings.TrimSuffix(p.PublicURL, "/") + path
	return feedLink{Subscribe: template.URL("webcal://" + strings.TrimPrefix(whole, site.Scheme+"://")), File: whole}
}

// aboutResource is what a resource is, in facts.
func (p *page) aboutResource(t *inventory.Terms) []findFact {
	r := t.Resource
	var facts []findFact
	add := func(asked bool, key, text string, params fault.Params) {
		if asked {
			facts = append(facts, findFact{p.l.Say(key, nil), p.l.Say(text, params)})
		}
	}
	most := r.Policy.Attendance
	if most == 0 {
		most = r.Capacity
	}
	add(most > 0, "page.resource.capacity", "page.resource.capacity_text", fault.Params{"persons": most})
	if r.Floor != "" {
		facts = append(facts, findFact{p.l.Say("page.resource.floor", nil), r.Floor})
	}
	add(len(t.Units) > 1, "page.resource.units", "page.resource.units_text", fault.Params{"units": len(t.Units)})
	return facts
}

// rulesOf is what a resource asks of a booking, in plain words.
func (p *page) rulesOf(t *inventory.Terms, s booking.Slots) []findFact {
	q := t.Resource.Policy
	var facts []findFact
	add := func(key, text string, params fault.Params) {
		facts = append(facts, findFact{p.l.Say(key, nil), p.l.Say(text, params)})
	}
	shortest, longest := int(s.Shortest/time.Minute), int(s.Longest/time.Minute)
	if shortest == longest {
		add("page.rules.length", "page.rules.length_one", fault.Params{"length_min": longest})
	} else {
		add("page.rules.length", "page.rules.length_text", fault.Params{"shortest_min": shortest, "longest_min": longest})
	}
	if q.Notice == 0 {
		add("page.rules.notice", "page.rules.notice_none", nil)
	} else {
		add("page.rules.notice", "page.rules.notice_text", fault.Params{"notice_min": q.Notice})
	}
	add("page.rules.horizon", "page.rules.horizon_text", fault.Params{"days": q.Horizon})
	if q.Approval {
		add("page.rules.approval", "page.rules.approval_text", nil)
	} else if q.ApprovalAbove > 0 {
		add("page.rules.approval", "page.rules.approval_above", fault.Params{"length_min": q.ApprovalAbove})
	}
	switch before, after := q.BufferBefore, q.BufferAfter; {
	case before > 0 && after > 0:
		add("page.rules.buffer", "page.rules.buffer_both", fault.Params{"before_min": before, "after_min": after})
	case before > 0:
		add("page.rules.buffer", "page.rules.buffer_before", fault.Params{"before_min": before})
	case after > 0:
		add("page.rules.buffer", "page.rules.buffer_after", fault.Params{"after_min": after})
	}
	if q.CancelCutoff == 0 {
		add("page.rules.cancel", "page.rules.cancel_start", nil)
	} else {
		add("page.rules.cancel", "page.rules.cancel_text", fault.Params{"cutoff_min": q.CancelCutoff})
	}
	if q.NoShowAfter > 0 {
		add("page.rules.no_show", "page.rules.no_show_text", fault.Params{"after_min": q.NoShowAfter})
	}
	if q.Signature {
		add("page.rules.signature", "page.rules.signature_text", nil)
	}
	return facts
}

// personal says what the resource needs and costs, for who reads.
func (f *resourceView) personal(p *page, slots booking.Slots, now time.Time) error {
	t := slots.Terms[0]
	ctx, q := p.c.Request.Context(), t.Resource.Policy.Requirements
	held, err := p.Roster.Held(ctx, p.v.Actor.ID, t.Resource.HubID, t.Zone, now, q.Certifications)
	if err != nil {
		return err
	}
	for _, h := range held {
		f.Certificates = append(f.Certificates, certificateNeed{h.Name.In(p.l.Tag()), p.heldWords(h), h.Has})
	}
	if q.MinimumAge > 0 {
		f.Needs = append(f.Needs, p.l.Say("page.resource.age", fault.Params{"years": q.MinimumAge}))
	}
	for i, slug := range q.Conditions {
		words := p.l.Say("page.resource.terms", nil)
		if len(q.Conditions) > 1 {
			words = p.l.Say("page.resource.terms_many", fault.Params{"number": i + 1})
		}
		f.Terms = append(f.Terms, findLink{"/conditions/" + url.PathEscape(slug), words})
	}
	reach, err := p.reachOf(t, now)
	if err != nil {
		return err
	}
	if len(q.Tiers) > 0 {
		key := "page.resource.tier"
		if p.v.Actor.Known() && slices.Contains(q.Tiers, reach.Tier) {
			key = "page.resource.tier_yours"
		}
		f.Needs = append(f.Needs, p.l.Say(key, nil))
	}
	f.price(p, slots, reach)
	return nil
}

// reachOf is how who reads may book a resource today. The book has asked the roster already.
func (p *page) reachOf(t *inventory.Terms, now time.Time) (membership.Reach, error) {
	standing, err := p.Roster.Reaching(p.c.Request.Context(), p.v.Actor.ID)
	if err != nil {
		return membership.Reach{}, err
	}
	day := hours.DateOf(now, t.Zone)
	return standing.Reaches(t.Resource.HubID, t.RegionID, t.Resource.Kind, t.Resource.CategoryID, day, day)[0], nil
}

// heldWords says how who reads stands to a certification.
func (p *page) heldWords(h membership.Held) string {
	params := fault.Params{"until_on": h.UntilOn, "from_on": h.FromOn}
	switch {
	case !p.v.Actor.Known():
		return p.l.Say("page.certificate.unknown", nil)
	case h.Has:
		return p.l.Say("page.certificate.yours", params)
	case h.UntilOn != "":
		return p.l.Say("page.certificate.ended", params)
	case h.FromOn != "":
		return p.l.Say("page.certificate.later", params)
	}
	return p.l.Say("page.certificate.missing", nil)
}

// price says what the first slot costs who reads, before tax, and an hour where that is another length.
func (f *resourceView) price(p *page, slots booking.Slots, reach membership.Reach) {
	t, first := slots.Terms[0], booking.Slot{}
	if len(slots.Free) > 0 && !t.Resource.Archived {
		first = slots.Free[0]
	}
	f.Price = p.priceWords(t, reach, first)
	if t.Resource.PricePerHour == 0 {
		return
	}
	if hourly := p.priceWords(t, reach, booking.Slot{}); hourly != f.Price && reach.PricePercent > 0 {
		f.Hourly = hourly
	}
	if !p.v.Actor.Known() || reach.Tier == "" || reach.PricePercent > 0 {
		f.PriceNote = p.l.Say("page.resource.price_note", nil)
	}
}

// notes are the remarks on a resource, which exist in French alone, where its description does
// not say them already.
func (p *page) notes(r inventory.Resource) phrase {
	notes := inventory.Fold(strings.TrimSpace(r.Notes))
	for _, text := range r.Description {
		if strings.Contains(inventory.Fold(text), notes) {
			return phrase{}
		}
	}
	return p.phrase(inventory.Text{"fr": r.Notes})
}

// times are the next free ones, not all of one day.
func (f *resourceView) times(p *page, t *inventory.Terms, slots booking.Slots) {
	var end time.Time
	onDay := map[hours.Date]int{}
	for _, s := range slots.Free {
		day := hours.DateOf(s.StartsAt, t.Zone)
		if s.StartsAt.Before(end) || onDay[day] == nextPerDay {
			continue
		}
		onDay[day]++
		end = s.EndsAt
		if len(f.Times) == 0 {
			f.Label = p.l.Say("page.catalogue.free_for", fault.Params{"length_min": lengthIn(s, t.Zone)})
		}
		f.Times = append(f.Times, p.findTime(t.Resource.Slug, s, t.Zone))
		if len(f.Times) == nextTimes {
			return
		}
	}
}

// conditionView is the text of some terms of use.
type conditionView struct {
	frame
	Text    phrase
	Version fault.Params
	Older   string // where the present text is, when this one is not
}

func conditionPage(p *page) error {
	version, err := strconv.ParseInt(p.c.Query("version"), 10, 64)
	if err != nil || version < 0 {
		version = 0
	}
	x, err := p.Catalog.Condition(p.c.Request.Context(), p.c.Param("slug"), version)
	if err != nil {
		return err
	}
	zone, err := p.homeZone("")
	if err != nil {
		return err
	}
	published := x.PublishedAt.In(zone)
	f := conditionView{frame: p.frame(x.Name.In(p.l.Tag())), Text: p.phrase(x.Text),
		Version: fault.Params{"version": x.Version, "published_on": published.Format(time.DateOnly)}}
	if x.Version != x.Latest {
		f.Older = "/conditions/" + url.PathEscape(x.Slug)
	}
	return p.show(http.StatusOK, "condition", f)
}

// tag is a tag in words, as it is where it has none: people may add their own.
func (p *page) tag(slug string) string { return cmp.Or(p.l.Say("tag."+slug, nil), slug) }
