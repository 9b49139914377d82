package edge

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
)

// People is who knows by which secret somebody speaks: identity.Directory is.
type People interface {
	Authenticate(ctx context.Context, token string) (identity.Actor, error)
	AuthenticateSession(ctx context.Context, secret string) (identity.Actor, error)
}

// A Door finds out who asks. It may be used by several goroutines.
type Door struct {
	people  People
	limiter *Limiter
	cookies cookies
	origins *http.CrossOriginProtection
}

// NewDoor returns the Door of a server that people reach by publicURL, "" when that is not known.
// A nil limiter slows nobody.
func NewDoor(people People, l *Limiter, publicURL string) *Door {
	d := &Door{people: people, limiter: l, cookies: cookiesFor(publicURL), origins: http.NewCrossOriginProtection()}
	if publicURL != "" {
		// A proxy may hand on another Host than the one that people see. An address that is no
		// origin is none of a browser's either.
		_ = d.origins.AddTrustedOrigin(originOf(publicURL))
	}
	return d
}

// Who is a handler that finds out who asks: by `Authorization: Bearer`, or else by the cookie of a
// session. With neither, and with the cookie of a session that has ended, which is taken away, the
// visit stays anonymous; with a bad header the answer is 401.
//
// Refused secrets count against the address, and only refused ones: guessing from a shared
// connection locks out nobody who has a good one.
//
// A browser sends cookies along whichever page it is that asks, so what changes something and comes
// without the header must come from our own pages: else it is Forbidden, cross_origin. That holds
// without a cookie as well, lest another site sign somebody in as somebody else.
func (d *Door) Who() gin.HandlerFunc {
	return func(c *gin.Context) {
		v := From(c.Request.Context())
		v.door = d
		if within, ok := actorWithin(c.Request.Context()); ok {
			v.Actor = within
			return
		}
		values := c.Request.Header.Values("Authorization")
		var err error
		if len(values) > 0 {
			err = d.byToken(c.Request.Context(), v, values)
		} else {
			err = d.byCookie(c.Request, v)
		}
		if err != nil {
			Fail(c, err)
		}
	}
}

func (d *Door) byToken(ctx context.Context, v *Visit, values []string) (err error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 200 {
		return d.refused(v, fault.New(fault.Unauthenticated, "bad_token", nil))
	}
	v.Actor, err = d.people.Authenticate(ctx, token)
	return d.refused(v, err)
}

func (d *Door) byCookie(r *http.Request, v *Visit) error {
	if err := d.origins.Check(r); err != nil {
		return fault.New(fault.Forbidden, "cross_origin", nil).Because(err)
	}
	v.Browser = d.cookies.read(r, browserCookie, longestSecret)
	v.Return = decoded(d.cookies.read(r, returnCookie, longestReturn))
	v.Device = deviceOf(r.UserAgent())
	secret := d.cookies.read(r, sessionCookie, longestSecret)
	if secret == "" {
		return nil
	}
	actor, err := d.people.AuthenticateSession(r.Context(), secret)
	if fault.KindOf(err) == fault.Unauthenticated {
		v.EndSession()
		if slow := d.refused(v, err); fault.KindOf(slow) == fault.TooMany {
			return slow
		}
		return nil
	}
	v.Actor = actor
	return err
}

// refused counts a secret that was refused.
func (d *Door) refused(v *Visit, err error) error {
	if fault.KindOf(err) == fault.Unauthenticated {
		if slow := d.limiter.Take(Guesses, "address:"+network(v.Address)); slow != nil {
			return slow
		}
	}
	return err
}

// Source names where a request comes from, for limits: an address, or the network that a household
// holds of the newer ones.
func (v *Visit) Source() string { return network(v.Address) }
