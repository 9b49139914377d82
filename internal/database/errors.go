package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"canot/internal/fault"
)

// ErrUnavailable is in the chain of every error that means: the data base is away,
// busy beyond patience or out of space; try again later. The error itself is a
// fault of kind Unavailable with code "database_away" and a RetryAfter.
var ErrUnavailable = errors.New("the data base cannot be used now")

var (
	errNested = errors.New("a transaction was begun inside a transaction")
	errFailed = errors.New("an earlier statement of this transaction failed")
	errClosed = errors.New("the data base was closed")
)

// retryAfter is what a caller is told to wait when the data base is away.
const retryAfter = 2 * time.Second

func unavailable(cause error) error {
	f := fault.New(fault.Unavailable, "database_away", nil)
	f.RetryAfter = retryAfter
	return f.Because(fmt.Errorf("%w: %w", ErrUnavailable, cause))
}

// explain turns what means «away» into ErrUnavailable, and leaves all else as it is.
// An end that is not the caller's own is ours, of waiting for the data base to answer.
func explain(ctx context.Context, e engine, err error) error {
	switch {
	case err == nil, errors.Is(err, ErrUnavailable):
		return err
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return err
	case ctx.Err() != nil && e.away(err):
		// The driver cut the statement short because the caller left: say that, not «away».
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), lostConnection(err), e.away(err):
		return unavailable(err)
	}
	return err
}

// lostConnection reports what both drivers may return when there is nobody at the other end.
func lostConnection(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ENOSPC) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errClosed) ||
		err.Error() == "sql: database is closed"
}

// Constraint returns the name of the constraint that err says was violated, the same
// on both engines, or "" when err is something else. SQLite does not name a foreign
// key: there it is "" for those.
func Constraint(err error) string {
	if err == nil {
		return ""
	}
	if name := (*postgres)(nil).constraint(err); name != "" {
		return name
	}
	return (*sqlite)(nil).constraint(err)
}
