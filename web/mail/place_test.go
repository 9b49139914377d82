package mail

import (
	"testing"

	"canot/inventory"
	"canot/web/locale"
)

// TestAStreetIsSaidWithItsTown: a map finds a street by its town, which the name of the hub may hold too.
func TestAStreetIsSaidWithItsTown(t *testing.T) {
	for _, c := range []struct{ name, street, town, want string }{
		{"Hub de Rouyn-Noranda", "12, rue du Portage", "Rouyn-Noranda", "12, rue du Portage, Rouyn-Noranda"},
		{"Hub du cuivre", "12, rue du Portage", "Rouyn-Noranda", "12, rue du Portage, Rouyn-Noranda"},
		{"Hub d’Amos", "", "Amos", ""},
		{"Hub du nord", "", "Amos", "Amos"},
		{"Hub du nord", "1, 1re Avenue, Amos", "Amos", "1, 1re Avenue, Amos"},
	} {
		name, address := placeOf(locale.French, inventory.Hub{Name: inventory.Text{"fr": c.name}, Address: c.street, Town: c.town})
		if name != c.name || address != c.want {
			t.Errorf("%+v is said as %q, %q", c, name, address)
		}
	}
}
