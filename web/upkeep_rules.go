package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

// A ruleLine is a preventive rule with how far each unit is.
type ruleLine struct {
	ID, Action, Name, Thing, Every, Note string
	Blocks, Active                       bool
	Units                                []ruleUnit
	Others                               string // that there are more units, "" for none
	Suffix                               string // of the ids of its form
	Form                                 ruleForm
	Key                                  string
}

type ruleUnit struct {
	Code, Left, Ticket, Action, Key string
	Due                             bool
}

// A ruleForm is a rule as it was typed.
type ruleForm struct {
	Resource, Name, Hours, Days, Note, Version string
	Blocks                                     bool
}

type rulesView struct {
	upkeepFrame
	List      []ruleLine
	Manages   bool // who asks may make and change rules
	Form      ruleForm
	Resources []findChoice
	Suffix    string
}

// mostRuleUnits is how many units of a rule a page lists, the nearest to their service first.
const mostRuleUnits = 20

// rulesPage lists the preventive rules of a hub.
func rulesPage(p *page) error { return p.rulesAgain(http.StatusOK, ruleForm{}, nil) }

func (p *page) rulesAgain(status int, form ruleForm, wrong *told) error {
	f, c, err := p.upkeepDesk(p.l.Say("page.upkeep.rules", nil))
	if err != nil {
		return err
	}
	ctx := p.c.Request.Context()
	rules, err := p.Upkeep.Rules(ctx, p.v.Actor, c.Hub.ID)
	if err != nil {
		return err
	}
	v := rulesView{upkeepFrame: f, Form: form, Manages: p.v.Actor.May(identity.ManageInventory, c.Hub.ID, c.Hub.RegionID)}
	for _, r := range rules {
		v.List = append(v.List, p.ruleLine(r, f.Path, c.Now, c.Zone))
	}
	if v.Manages {
		list, _, err := p.Catalog.Resources(ctx, inventory.ResourceQuery{Hub: c.Hub.ID, Limit: 200})
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Kind != inventory.Guide {
				v.Resources = append(v.Resources, findChoice{r.Slug, r.Name.In(p.l.Tag()), r.Slug == form.Resource})
			}
		}
	}
	v.Error, v.Table = wrong, p.tablePath(*f.Desk, "rules")
	return p.show(status, "upkeep_rules", v)
}

func (p *page) ruleLine(r upkeep.Rule, path string, now time.Time, zone *time.Location) ruleLine {
	line := ruleLine{ID: r.ID, Action: path + "/regles/" + r.ID, Name: r.Name, Thing: r.ResourceName.In(p.l.Tag()), Every: p.everyWords(r), Note: r.Note,
		Blocks: r.Blocks, Active: r.Active, Key: newKey(), Suffix: "-" + r.ID, Form: ruleForm{Name: r.Name, Hours: numberText(r.EveryUseMin / 60), Days: numberText(r.EveryDays), Note: r.Note,
			Blocks: r.Blocks, Version: strconv.FormatInt(r.Version, 10)}}
	units := r.Units
	if len(units) > mostRuleUnits {
		line.Others = p.l.Say("page.upkeep.more_units", fault.Params{"count": len(units) - mostRuleUnits})
		units = units[:mostRuleUnits]
	}
	for _, u := range units {
		x := ruleUnit{Code: u.Code, Action: line.Action + "/fait", Key: newKey()}
		if u.TicketID != "" {
			x.Ticket, x.Due, x.Left = path+"/billets/"+u.TicketID, true, p.l.Say("page.upkeep.due", nil)
		} else {
			x.Left, x.Due = p.leftWords(u, now, zone)
		}
		line.Units = append(line.Units, x)
	}
	return line
}

// everyWords say after how much use and time a service is due.
func (p *page) everyWords(r upkeep.Rule) string {
	var parts []string
	if r.EveryUseMin > 0 {
		parts = append(parts, p.l.Say("page.upkeep.every_use", fault.Params{"use_min": int(r.EveryUseMin)}))
	}
	if r.EveryDays > 0 {
		parts = append(parts, p.l.Say("page.upkeep.every_days", fault.Params{"count": int(r.EveryDays)}))
	}
	return strings.Join(parts, p.l.Say("page.upkeep.or", nil))
}

// leftWords say how far a unit is from its service, and whether that is due.
func (p *page) leftWords(u upkeep.RuleUnit, now time.Time, zone *time.Location) (string, bool) {
	due := u.LeftMin != nil && *u.LeftMin == 0 || u.DueAt != nil && !u.DueAt.After(now)
	if due {
		return p.l.Say("page.upkeep.due", nil), true
	}
	var parts []string
	if u.LeftMin != nil {
		parts = append(parts, p.l.Say("page.upkeep.left", fault.Params{"left_min": int(*u.LeftMin)}))
	}
	if u.DueAt != nil {
		parts = append(parts, p.l.Say("page.upkeep.due_on", fault.Params{"day": p.l.ShortDate(u.DueAt.In(zone))}))
	}
	return strings.Join(parts, p.l.Say("page.upkeep.or", nil)), false
}

// ruleFormOf is the form of a rule, and what it asks for. What is no number is out of range.
func (p *page) ruleFormOf() (ruleForm, upkeep.RuleEdits) {
	f := ruleForm{Resource: p.field("ressource"), Name: strings.TrimSpace(p.field("nom")), Hours: strings.TrimSpace(p.field("heures")), Days: strings.TrimSpace(p.field("jours")),
		Note: strings.TrimSpace(p.field("consigne")), Blocks: p.field("bloque") != "", Version: p.field("version")}
	minutes, days := countOf(f.Hours)*60, countOf(f.Days)
	return f, upkeep.RuleEdits{Name: &f.Name, EveryUseMin: &minutes, EveryDays: &days, Note: &f.Note, Blocks: &f.Blocks}
}

// countOf reads a number that is not below zero; nothing is 0, and what is no number -1.
func countOf(text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func numberText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// addRule makes a rule.
func addRule(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	f, e := p.ruleFormOf()
	_, err = p.Upkeep.AddRule(p.c.Request.Context(), p.v.Actor, f.Resource, e, p.onceKey("cle", f.Resource, f.Name, f.Hours, f.Days, f.Note, p.field("bloque")))
	switch {
	case err == nil:
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/regles?fait=regle")
	case fault.Is(err, "resource_not_found"):
		return p.rulesAgain(http.StatusNotFound, f, &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"ressource", p.l.Say("page.upkeep.no_resource", nil)}}})
	case canMend(err):
		t, status := p.mend(err)
		return p.rulesAgain(status, f, &t)
	}
	return err
}

// changeRule edits a rule, or stops or resumes it.
func changeRule(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	f, e := p.ruleFormOf()
	if act := p.field("action"); act == "arreter" || act == "reprendre" {
		active := act == "reprendre"
		e = upkeep.RuleEdits{Active: &active}
	}
	e.IfVersion = versionOf(f.Version)
	_, err = p.Upkeep.ChangeRule(p.c.Request.Context(), p.v.Actor, p.c.Param("rule"), e, p.onceKey("cle", p.c.Param("rule"), p.field("action"), f.Name, f.Hours, f.Days, f.Note, p.field("bloque"), f.Version))
	switch {
	case err == nil:
		return p.to(upkeepPath + "/" + c.Hub.Slug + "/regles?fait=regle")
	case canMend(err):
		t, status := p.mend(err)
		return p.rulesAgain(status, ruleForm{}, &t)
	}
	return err
}

// ruleDone says that a service was done on a unit.
func ruleDone(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	err = p.Upkeep.MarkDone(p.c.Request.Context(), p.v.Actor, p.c.Param("rule"), p.field("u"), p.onceKey("cle", p.c.Param("rule"), p.field("u")))
	if err != nil {
		return err
	}
	return p.to(upkeepPath + "/" + c.Hub.Slug + "/regles?fait=service")
}
