package identity

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// mostNamesakes bounds how many people of one name are told.
const mostNamesakes = 5

// Namesakes are the people of a home hub who are called so, whatever the case and the accents, five at
// most, in order of their accounts. It asks for ViewPersons there.
func (d *Directory) Namesakes(ctx context.Context, by Actor, hubID, name string) ([]Member, error) {
	r := d.db.Reader(ctx)
	region, err := regionOf(r, hubID)
	if err != nil {
		return nil, err
	}
	if !by.May(ViewPersons, hubID, region) {
		return nil, Denied(by)
	}
	var all []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	// No index knows names without their accents: the names of one hub are few enough to be compared here.
	if err := r.Select(&all, `SELECT m.id, m.name FROM members m WHERE m.home_hub_id = $1 AND m.active AND m.erased_at IS NULL ORDER BY m.id`, hubID); err != nil {
		return nil, fmt.Errorf("look for namesakes: %w", err)
	}
	var ids []string
	for key, i := bareName(name), 0; i < len(all) && len(ids) < mostNamesakes; i++ {
		if bareName(all[i].Name) == key {
			ids = append(ids, all[i].ID)
		}
	}
	var people []Member
	if len(ids) == 0 {
		return nil, nil
	}
	err = r.SelectIn(&people, `SELECT `+personColumns+` FROM members m WHERE m.id IN ($list) ORDER BY m.id`, ids)
	return people, err
}

// bareName is a name as people say it: without case, accents, and what stands between its words.
func bareName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}
