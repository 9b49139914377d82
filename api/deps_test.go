package api

import (
	"canot/booking"
	"canot/booking/calendar"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
)

// depsOf puts every verb on a data base, as cmd/canot does.
func depsOf(db *database.DB) Deps {
	catalog, people := inventory.New(db), identity.New(db)
	roster := membership.New(db)
	book := booking.New(db, catalog, people, roster)
	return Deps{
		DB: db, Catalog: catalog, Directory: people, Roster: roster, Feeds: calendar.New(db),
		Book: book, Upkeep: upkeep.New(db, catalog), Stock: stock.New(db, catalog), Files: files.New(db),
		Privacy: privacy.New(db, people,
			privacy.Part{Name: "bookings", About: booking.About, Shown: booking.Shown, End: book.Withdraw, Erase: booking.Forget},
			privacy.Part{Name: "memberships", About: membership.About, Erase: membership.Forget},
			privacy.Part{Name: "sign_in", About: signin.About, Shown: privacy.Hidden, Erase: signin.Forget},
			privacy.Part{Name: "account", About: identity.About, Shown: identity.Shown, Erase: identity.Forget}),
		Gate:    signin.New(db, people, signin.Settings{PublicURL: "https://canot.example"}),
		Version: "test",
	}
}
