package identity

// RolesWith lists the roles that hold a right by themselves, the least first, for saying
// whom to ask. Single rights of a grant may add persons to them.
func RolesWith(r Right) []string {
	var names []string
	for _, role := range ranks {
		if role.atLeast(neededBy[r].role) {
			names = append(names, string(role))
		}
	}
	return names
}
