package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
)

// The basket is the address: r is a resource by slug, or slug*2 for two of it, and may be there
// several times. These functions return the French address, as templates hand it to "at".

// mostWanted bounds how many different resources an address may name, as the book does.
const mostWanted = 20

// whenAddress is where one chooses the time of a basket; day is on the hub's clock, as
// 2026-11-24, or "".
func whenAddress(wants []booking.Want, day string) string {
	return whenWith(wants, day, "")
}

// whenWith is whenAddress with a length: minutes, or days as 2j; "" for the usual one.
func whenWith(wants []booking.Want, day, length string) string {
	q := queryOf(wants)
	if day != "" {
		q.Set("jour", day)
	}
	if length != "" {
		q.Set("duree", length)
	}
	return "/reserver?" + q.Encode()
}

// checkAddress is where one checks a basket at a time before booking it.
func checkAddress(wants []booking.Want, from, to time.Time) string {
	q := queryOf(wants)
	q.Set("debut", stamp(from))
	q.Set("fin", stamp(to))
	return "/reserver/verifier?" + q.Encode()
}

// addAddress is where one looks for something else of the same hub for a basket, keeping the day
// and the length that were chosen.
func addAddress(wants []booking.Want, day, length string) string {
	_, q, _ := strings.Cut(whenWith(wants, day, length), "?")
	return "/reserver/ajouter?" + q
}

// bookingAddress is the page of one booking.
func bookingAddress(id string) string { return "/reservations/" + url.PathEscape(id) }

// stamp is an instant as addresses and hidden fields write it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// queryOf is a basket as a query.
func queryOf(wants []booking.Want) url.Values {
	return url.Values{"r": textsOf(wants)}
}

// textsOf is a basket as the values of its fields r.
func textsOf(wants []booking.Want) []string {
	list := make([]string, len(wants))
	for i, w := range wants {
		list[i] = w.Resource
		if w.Quantity > 1 {
			list[i] += "*" + strconv.Itoa(w.Quantity)
		}
	}
	return list
}

// wantsOf reads a basket out of a query or a form, each resource once. What cannot be read is
// left out: an address that somebody typed still leads somewhere.
func wantsOf(q url.Values) []booking.Want {
	var wants []booking.Want
	for _, text := range q["r"] {
		slug, number, several := strings.Cut(text, "*")
		slug, n := strings.TrimSpace(slug), 1
		if several {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 1 {
				n = 1
			}
		}
		if slug == "" || len(slug) > 100 {
			continue
		}
		if at := slices.IndexFunc(wants, func(w booking.Want) bool { return w.Resource == slug }); at >= 0 {
			wants[at].Quantity = min(wants[at].Quantity+min(n, 10_000), 10_000)
		} else if len(wants) < mostWanted {
			wants = append(wants, booking.Want{Resource: slug, Quantity: min(n, 10_000)})
		}
	}
	return wants
}

// withoutOne is a basket less one of its resources.
func withoutOne(wants []booking.Want, resource string) []booking.Want {
	return slices.DeleteFunc(slices.Clone(wants), func(w booking.Want) bool { return w.Resource == resource })
}

// withQuantity is a basket with another quantity of one of its resources, which it may not have yet.
func withQuantity(wants []booking.Want, resource string, quantity int) []booking.Want {
	out := slices.Clone(wants)
	for i := range out {
		if out[i].Resource == resource {
			out[i].Quantity = quantity
			return out
		}
	}
	return append(out, booking.Want{Resource: resource, Quantity: quantity})
}
