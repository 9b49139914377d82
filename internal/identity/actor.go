// Package identity is people and rights: members, the organisations that they act for, their roles
// over hubs and regions, the sessions and tokens by which a browser or a program speaks for them, and
// the one question that every verb asks before it writes: may they?
//
// It knows hubs and regions by id only, and refuses to know what is booked there, what a person may
// book by their membership, and how a request reached us. Rows of members, organisations, grants,
// sessions, tokens and calendar addresses are written here and nowhere else, but for those that package privacy removes
// when their time is over. What it leaves in the log of changes is ids, roles and names of fields,
// never a name or an address.
//
// Start reading at Actor.May, then Directory.Authenticate.
package identity

import (
	"slices"

	"canot/internal/fault"
)

// A Role is a person's standing over hubs. Each holds the rights of those before it.
type Role string

// The roles. Everybody with an account is a plain member, without a grant.
const (
	PlainMember   Role = "member"
	Staff         Role = "staff"         // of a hub
	Manager       Role = "manager"       // of a hub
	Coordinator   Role = "coordinator"   // of a region: manager of each of its hubs
	Administrator Role = "administrator" // of the network
)

// A Right is something that a role allows at a hub.
type Right string

// The rights.
const (
	ViewBookings    Right = "view_bookings"    // see the bookings of others
	ViewPersons     Right = "view_persons"     // see who they are: names, addresses, certificates
	BookForOthers   Right = "book_for_others"  // make and change them
	Approve         Right = "approve"          // approve and decline requests
	HandOut         Right = "hand_out"         // counter and maintenance
	Certify         Right = "certify"          // give and take back certificates
	Waive           Right = "waive"            // set a rule aside
	ManageInventory Right = "manage_inventory" // hubs, hours, resources, units
	ManageMembers   Right = "manage_members"   // people and their roles
	ManageTiers     Right = "manage_tiers"     // tiers, memberships, credits
	SeeMoney        Right = "see_money"        // prices paid, invoices, figures
	Export          Right = "export"           // take the hub's data out
	ManageNetwork   Right = "manage_network"   // regions, operators, categories, administrators, tokens of others
)

// The scopes of a token. Each holds those before it; none gives what its owner's roles do not.
const (
	ScopeRead  = "read"  // see what its owner may see
	ScopeBook  = "book"  // and book for its owner
	ScopeStaff = "staff" // and do what staff do
	ScopeAdmin = "admin" // and do all that its owner may
)

var scopes = []string{ScopeRead, ScopeBook, ScopeStaff, ScopeAdmin}

// neededBy says, for each right, the least role that has it and the least scope that carries it.
var neededBy = map[Right]struct {
	role  Role
	scope string
}{
	ViewBookings:    {Staff, ScopeStaff},
	ViewPersons:     {Staff, ScopeStaff},
	BookForOthers:   {Staff, ScopeStaff},
	Approve:         {Staff, ScopeStaff},
	HandOut:         {Staff, ScopeStaff},
	Certify:         {Staff, ScopeStaff},
	Waive:           {Manager, ScopeAdmin},
	ManageInventory: {Manager, ScopeAdmin},
	ManageMembers:   {Manager, ScopeAdmin},
	ManageTiers:     {Manager, ScopeAdmin},
	SeeMoney:        {Manager, ScopeStaff},
	Export:          {Manager, ScopeAdmin},
	ManageNetwork:   {Administrator, ScopeAdmin},
}

var ranks = []Role{PlainMember, Staff, Manager, Coordinator, Administrator}

// atLeast reports whether r holds the rights of o.
func (r Role) atLeast(o Role) bool { return slices.Index(ranks, r) >= slices.Index(ranks, o) }

// A Grant is one role of a member: staff and managers of a hub, coordinators of a region,
// administrators of all. With Rights it gives exactly these there, which may be more or fewer than
// those of the role; administrators have them all.
type Grant struct {
	Role     Role   `json:"role"`
	HubID    string `json:"hub,omitempty"`
	RegionID string `json:"region,omitempty"`
	Rights   Rights `json:"rights,omitempty"`
}

// gives reports whether g holds a right, wherever it is.
func (g Grant) gives(r Right) bool {
	if g.Rights != "" {
		return g.Rights.Has(r)
	}
	needed, defined := neededBy[r]
	return defined && g.Role.atLeast(needed.role)
}

// reaches reports whether g is a role over that hub of that region.
func (g Grant) reaches(hubID, regionID string) bool {
	switch g.Role {
	case Administrator:
		return true
	case Coordinator:
		return g.RegionID != "" && g.RegionID == regionID
	default:
		return g.HubID != "" && g.HubID == hubID
	}
}

// An Actor is who asks. The zero Actor is a visitor. It is not changed once made.
type Actor struct {
	ID       string // a member's; "" for a visitor
	Language string
	Grants   []Grant
	Scopes   []string // of the token; they bind only when TokenID is set
	TokenID  string   // by which token it speaks, "" for none

	SessionID   string // by which session it speaks, "" for none
	LacksFactor bool   // it signed in with one factor and holds roles that ask for two: Grants is empty
}

// System is who acts in jobs and commands. It may do everything.
var System = Actor{ID: "system"}

// Known reports whether a is a member or the system, not a visitor.
func (a Actor) Known() bool { return a.ID != "" }

func (a Actor) isSystem() bool { return a.ID == System.ID }

// Holds reports whether the token by which a speaks carries scope, itself or in a wider one. Who
// speaks without a token is not bound; a visitor holds nothing but reading.
func (a Actor) Holds(scope string) bool {
	switch {
	case !a.Known():
		return scope == ScopeRead
	case a.TokenID == "":
		return true
	}
	needed := slices.Index(scopes, scope)
	return needed >= 0 && slices.ContainsFunc(a.Scopes, func(held string) bool {
		return slices.Index(scopes, held) >= needed
	})
}

// May reports whether a has the right at that hub of that region. An empty hub asks for the region,
// and both empty for the network.
func (a Actor) May(r Right, hubID, regionID string) bool {
	return a.may(r, func(g Grant) bool { return g.reaches(hubID, regionID) })
}

// Anywhere reports whether a has the right at some hub.
func (a Actor) Anywhere(r Right) bool {
	return a.may(r, func(g Grant) bool { return g.placed() == nil })
}

func (a Actor) may(r Right, there func(Grant) bool) bool {
	if a.isSystem() {
		return true
	}
	needed, defined := neededBy[r]
	if !defined || !a.Known() || !a.Holds(needed.scope) {
		return false
	}
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.gives(r) && there(g) })
}

// Denied is the fault for who lacks a right: a visitor is asked to sign in, somebody whose roles
// wait for a second factor to give it (second_factor_needed), anybody else is told not_allowed.
func Denied(a Actor) error {
	switch {
	case !a.Known():
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	case a.LacksFactor:
		return fault.New(fault.Forbidden, "second_factor_needed", nil)
	}
	return fault.New(fault.Forbidden, "not_allowed", nil)
}
