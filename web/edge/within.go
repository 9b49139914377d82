package edge

import (
	"context"

	"canot/internal/identity"
)

type withinKey struct{}

// Within returns a context whose requests speak for a, without a token. Only code of this process can
// make one: nothing of a request that came from outside gets into its context. It is for commands
// that ask the API of the program that they are.
func Within(ctx context.Context, a identity.Actor) context.Context {
	return context.WithValue(ctx, withinKey{}, a)
}

// actorWithin returns for whom a caller in this process speaks.
func actorWithin(ctx context.Context) (identity.Actor, bool) {
	a, ok := ctx.Value(withinKey{}).(identity.Actor)
	return a, ok
}
