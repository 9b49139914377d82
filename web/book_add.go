package web

import (
	"net/http"
	"net/url"
	"slices"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
)

// addView is where something else of a hub is found for a basket.
type addView struct {
	frame
	Step       int
	Hub        string // with its town
	Q          string
	Hidden     []hiddenField
	Found      []addable
	Count      fault.Params // how many were found on this page
	More, Back string
}

// An addable is a resource that can be put into the basket; Path is "" when it is there.
type addable struct{ Name, Icon, Text, Path string }

// shownToAdd is how many resources a page has.
const shownToAdd = 20

// addPage searches what else the hub of a basket has.
func addPage(p *page) error {
	ctx := p.c.Request.Context()
	q := p.c.Request.URL.Query()
	wants := wantsOf(q)
	if len(wants) == 0 {
		return p.to("/ressources")
	}
	first, err := p.Catalog.Resource(ctx, wants[0].Resource)
	if err != nil {
		return err
	}
	list, next, err := p.Catalog.Resources(ctx, inventory.ResourceQuery{Hub: first.HubID, Q: q.Get("q"), Limit: shownToAdd, After: q.Get("suite")})
	if err != nil {
		return err
	}
	places, err := p.Catalog.Places(ctx)
	if err != nil {
		return err
	}
	v := addView{frame: p.frame(p.l.Say("page.book.add", nil)), Step: stepWhen, Q: q.Get("q"), Back: whenWith(wants, q.Get("jour"), q.Get("duree")), Count: fault.Params{"count": len(list)}}
	if at := slices.IndexFunc(places, func(x inventory.Place) bool { return x.ID == first.HubID }); at >= 0 {
		v.Hub = inTown(places[at].Name.In(p.l.Tag()), places[at].Town)
	}
	v.Hidden = append(hiddenBasket(wants), hiddenField{"jour", q.Get("jour")}, hiddenField{"duree", q.Get("duree")})
	for _, x := range list {
		a := addable{Name: x.Name.In(p.l.Tag()), Icon: string(x.Kind), Text: x.Description.In(p.l.Tag())}
		if !slices.ContainsFunc(wants, func(w booking.Want) bool { return w.Resource == x.Slug || w.Resource == x.ID }) {
			a.Path = whenWith(withQuantity(wants, x.Slug, 1), q.Get("jour"), q.Get("duree"))
		}
		v.Found = append(v.Found, a)
	}
	if next != "" {
		more := url.Values{}
		for _, name := range []string{"r", "q", "jour", "duree"} {
			more[name] = q[name]
		}
		more.Set("suite", next)
		v.More = "/reserver/ajouter?" + more.Encode()
	}
	return p.show(http.StatusOK, "book_add", v)
}
