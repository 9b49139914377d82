package identity

import (
	"encoding/json"
	"slices"
	"strings"

	"canot/internal/fault"
)

// Rights is a set of rights: their names in order, separated by spaces. "" is no set, and leaves a
// grant the rights of its role. Two equal sets are equal texts.
type Rights string

// RightsOf makes the set of some rights. One that does not exist is Malformed, bad_right.
func RightsOf(list []Right) (Rights, error) {
	names := make([]string, len(list))
	for i, r := range list {
		if _, defined := neededBy[r]; !defined {
			return "", fault.Field("rights", "bad_right")
		}
		names[i] = string(r)
	}
	slices.Sort(names)
	return Rights(strings.Join(slices.Compact(names), " ")), nil
}

// Has reports whether r is in the set.
func (s Rights) Has(r Right) bool { return slices.Contains(strings.Fields(string(s)), string(r)) }

// List returns the rights of the set, in order of name.
func (s Rights) List() []Right {
	names := strings.Fields(string(s))
	list := make([]Right, len(names))
	for i, name := range names {
		list[i] = Right(name)
	}
	return list
}

// MarshalJSON writes the set as a list of names.
func (s Rights) MarshalJSON() ([]byte, error) { return json.Marshal(s.List()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Rights) UnmarshalJSON(b []byte) error {
	var list []Right
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	set, err := RightsOf(list)
	*s = set
	return err
}

// AllRights are the rights that exist, in order of name.
func AllRights() []Right {
	list := make([]Right, 0, len(neededBy))
	for r := range neededBy {
		list = append(list, r)
	}
	slices.Sort(list)
	return list
}

// RightsOfRole are the rights that a role has where nothing else is said, in order of name.
func RightsOfRole(role Role) []Right {
	return slices.DeleteFunc(AllRights(), func(r Right) bool { return !Grant{Role: role}.gives(r) })
}
