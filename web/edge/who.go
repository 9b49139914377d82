package edge

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
)

// Who is a handler that finds out who asks, by `Authorization: Bearer`. Without
// the header the visit stays anonymous; with a bad one the answer is 401.
// Refused tokens count against the address, and only refused ones: guessing
// from a shared connection locks out nobody who has a good token.
func Who(authenticate func(ctx context.Context, token string) (identity.Actor, error), l *Limiter) gin.HandlerFunc {
	return func(c *gin.Context) {
		values := c.Request.Header.Values("Authorization")
		if len(values) == 0 {
			return
		}
		v := From(c.Request.Context())
		actor, err := v.ask(c.Request.Context(), values, authenticate)
		if fault.KindOf(err) == fault.Unauthenticated {
			if slow := l.Take(Guesses, "address:"+network(v.Address)); slow != nil {
				err = slow
			}
		}
		if err != nil {
			Fail(c, err)
			return
		}
		v.Actor = actor
	}
}

func (v *Visit) ask(ctx context.Context, values []string, authenticate func(context.Context, string) (identity.Actor, error)) (identity.Actor, error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 200 {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "bad_token", nil)
	}
	return authenticate(ctx, token)
}
