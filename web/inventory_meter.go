package web

import (
	"math"
	"strconv"
	"strings"

	"canot/internal/fault"
)

// setMeter sets right for how many hours the unit of the address was used in all.
func setMeter(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	typed := p.field("heures")
	minutes, ok := usedMinutes(typed)
	if !ok {
		return p.showUnit(0, fault.Field("meter_hours", "bad_number"))
	}
	if _, err := p.Upkeep.SetMeter(p.c.Request.Context(), p.v.Actor, u.ID, minutes, p.onceKey("cle", u.ID, typed)); err != nil {
		return p.showUnit(0, err)
	}
	return p.to(p.unitPath() + "?fait=compteur")
}

// meterHours are the minutes on a meter as its field has them: what was typed, where that was not
// understood, else «12,5» in the language of the page.
func (p *page) meterHours(minutes int64) string {
	if typed := p.field("heures"); typed != "" {
		return clipped(typed, 20)
	}
	hours := strconv.FormatFloat(math.Trunc(float64(minutes)/60*100)/100, 'f', -1, 64)
	if p.l.Tag() == "fr" {
		hours = strings.Replace(hours, ".", ",", 1)
	}
	return hours
}

// mostHours is more than any meter shows, and small enough to be counted in minutes.
const mostHours = 10_000_000

// usedMinutes reads hours as people write them: 1 250, 12,5.
func usedMinutes(text string) (int64, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(strings.TrimSpace(text))
	hours, err := strconv.ParseFloat(text, 64)
	if err != nil || !(hours >= 0 && hours <= mostHours) {
		return 0, false
	}
	return int64(math.Round(hours * 60)), true
}
