package membership

// A Taking is what a booking takes of the hours that its holder has, and what is left of
// them then: of what one allowance of their tier includes, or of packs.
type Taking struct {
	Packs   int    // of how many packs; 0 for what a tier includes
	Period  string // of what a tier includes: the day, week or month that has least left
	Minutes int64  // more than 0
	Left    int64  // of that period, or of those packs together
}

// Takings says in hours what a verdict of this Standing uses: what tiers include first.
// Minutes that count against a day, a week and a month are said once.
func (s *Standing) Takings(uses []Use) []Taking {
	var all []Taking
	var packs Taking
	at := map[string]int{} // of an allowance, in all
	for _, u := range uses {
		if u.PackID != "" {
			packs.Packs++
			packs.Minutes += u.Minutes
			packs.Left += s.leftOfPack(u.PackID) - u.Minutes
			continue
		}
		left := max(0, s.leftOf(u)-u.Minutes)
		i, known := at[u.AllowanceID]
		if !known {
			i = len(all)
			at[u.AllowanceID] = i
			all = append(all, Taking{Period: u.Period, Left: left})
		}
		if left < all[i].Left {
			all[i].Period, all[i].Left = u.Period, left
		}
	}
	for id, i := range at {
		all[i].Minutes = includedBy(id, uses)
	}
	if packs.Packs > 0 {
		all = append(all, packs)
	}
	return all
}

// leftOf is what is left of an allowance in the period of a use, before it.
func (s *Standing) leftOf(u Use) int64 {
	for _, list := range s.allowances {
		for _, w := range list {
			if w.id != u.AllowanceID {
				continue
			}
			for _, m := range w.limits() {
				if m.period == u.Period {
					return *m.most - s.spent[bucket{u.AllowanceID, u.Period, u.PeriodStart}]
				}
			}
		}
	}
	return 0
}

func (s *Standing) leftOfPack(id string) int64 {
	for _, p := range s.packs {
		if p.id == id {
			return p.left
		}
	}
	return 0
}

// Totals adds up the minutes that uses take of what tiers include, each once, and of packs.
func Totals(uses []Use) (included, packs int64) {
	seen := map[string]bool{}
	for _, u := range uses {
		switch {
		case u.PackID != "":
			packs += u.Minutes
		case !seen[u.AllowanceID]:
			seen[u.AllowanceID] = true
			included += includedBy(u.AllowanceID, uses)
		}
	}
	return included, packs
}

// includedBy adds up what uses take of an allowance: any of the sorts of periods that it
// bounds says all of it.
func includedBy(allowance string, uses []Use) int64 {
	by := map[string]int64{}
	most := int64(0)
	for _, u := range uses {
		if u.AllowanceID == allowance {
			by[u.Period] += u.Minutes
			most = max(most, by[u.Period])
		}
	}
	return most
}
