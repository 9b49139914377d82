package edge

import (
	"slices"
	"strconv"
	"strings"

	"canot/internal/fault"
)

// Tag is the ETag of a thing at a version.
func Tag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// A Condition is an If-Match header that has been read.
type Condition struct {
	given    bool
	any      bool
	versions []int64 // the strong tags that can be versions at all
}

// never is a version that nothing has: it makes a condition fail that names no possible version.
const never = -1

// IfMatch reads an If-Match header. Weak tags are read and never match, as RFC
// 9110 wants; what is no list of tags is a Malformed fault.
func IfMatch(header string) (Condition, error) {
	tags, any, ok := parseTags(header)
	if !ok {
		return Condition{}, fault.Field("If-Match", "bad_etag")
	}
	cond := Condition{given: header != "", any: any}
	for _, tag := range tags {
		if tag.weak {
			continue
		}
		// What follows a dot says how far time has come since that version: which
		// closures are over, say. A write does not depend on it.
		text, _, _ := strings.Cut(tag.text, ".")
		if v, err := strconv.ParseInt(text, 10, 64); err == nil && v > 0 && strconv.FormatInt(v, 10) == text {
			cond.versions = append(cond.versions, v)
		}
	}
	return cond, nil
}

// Version returns the version that a write must find: 0 when any will do. Only
// a list of several needs to know the current one.
func (c Condition) Version(current func() (int64, error)) (int64, error) {
	switch {
	case !c.given || c.any:
		return 0, nil
	case len(c.versions) == 0:
		return never, nil
	case len(c.versions) == 1:
		return c.versions[0], nil
	}
	now, err := current()
	if err != nil {
		return 0, err
	}
	if slices.Contains(c.versions, now) {
		return now, nil
	}
	return never, nil
}

// NoneMatch reports whether an If-None-Match header names etag, so that the
// answer may be 304. The comparison is weak; an unreadable header names nothing.
func NoneMatch(header, etag string) bool {
	tags, any, ok := parseTags(header)
	if !ok || header == "" {
		return false
	}
	want := strings.TrimPrefix(etag, "W/")
	return any || slices.ContainsFunc(tags, func(t entityTag) bool { return `"`+t.text+`"` == want })
}

type entityTag struct {
	text string
	weak bool
}

// parseTags reads `*` or a list of entity tags. An empty header is an empty list.
func parseTags(header string) (tags []entityTag, any, ok bool) {
	rest := strings.TrimSpace(header)
	if rest == "*" {
		return nil, true, true
	}
	for rest != "" {
		var tag entityTag
		rest, tag.weak = strings.CutPrefix(rest, "W/")
		if !strings.HasPrefix(rest, `"`) {
			return nil, false, false
		}
		text, after, closed := strings.Cut(rest[1:], `"`)
		if !closed {
			return nil, false, false
		}
		tag.text = text
		tags = append(tags, tag)
		rest = strings.TrimSpace(after)
		if rest == "" {
			break
		}
		var comma bool
		if rest, comma = strings.CutPrefix(rest, ","); !comma {
			return nil, false, false
		}
		rest = strings.TrimSpace(rest)
	}
	return tags, false, true
}
