package web

import (
	"context"
	"slices"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
)

// A Demo is whom a demo network may be tried as, and with what. Only `canot demo` has one.
type Demo struct {
	Accounts []DemoAccount // in the order in which they are offered
	Try      DemoTry

	// Enter signs one of the accounts in, by the two steps that its role may ask for, and returns
	// the secret of the session. device is what the browser says that it is.
	Enter func(ctx context.Context, email, device string) (secret string, err error)
}

// A DemoAccount is one person of a demo: the role is as identity names it, the town is that of
// their hub.
type DemoAccount struct{ Role, Name, Email, Town string }

// DemoTry is what there is to try, by slug; what is "" is not offered.
type DemoTry struct {
	Category string   // what to look for from another town
	Resource string   // a studio to book
	Hub      string   // the hub whose calendar to subscribe to
	Basket   []string // resources of one hub to have together
}

const demoEnterPath = "/demo/entrer"

func (s *Site) mountDemo(r gin.IRouter) {
	s.on(r, "POST", demoEnterPath, enterDemo)
	s.leads(r, "/", demoEnterPath)
}

// BasketPath is the address where the basket to try has its time chosen.
func (d DemoTry) BasketPath() string {
	path := ""
	for _, slug := range d.Basket {
		path += "&r=" + slug
	}
	if path == "" {
		return ""
	}
	return "/reserver?" + path[1:]
}

// enterDemo signs somebody in as one of the demo's own people, and nobody else. Who was signed in
// before is signed out.
func enterDemo(p *page) error {
	email, ctx := p.field("email"), p.c.Request.Context()
	as := slices.IndexFunc(p.Demo.Accounts, func(a DemoAccount) bool { return a.Email == email })
	if as < 0 {
		return fault.New(fault.NotFound, "not_found", nil)
	}
	secret, err := p.Demo.Enter(ctx, email, p.v.Device)
	if err != nil {
		return err
	}
	if a := p.v.Actor; a.SessionID != "" {
		if err := p.Directory.EndSession(ctx, a, a.SessionID, database.Key{}); err != nil {
			return err
		}
	}
	p.v.KeepSession(secret)
	switch {
	case p.comeback().waits():
		return p.onward()
	case p.Demo.Accounts[as].Role == "member":
		return p.to("/")
	}
	return p.to(counterPath) // whoever else may enter keeps one
}
