package signin

import "sync"

// CountComparisons has g count the passwords that it compares with hashes.
func CountComparisons(g *Gate) *int {
	var n int
	var mu sync.Mutex
	compare := g.hashes.compare
	g.hashes.compare = func(password, hash string) (bool, error) {
		mu.Lock()
		n++
		mu.Unlock()
		return compare(password, hash)
	}
	return &n
}

// CodeAt is the code of an authenticator at a step of time.
func CodeAt(secret string, unix int64) string {
	code, err := codeAt(secret, unix/stepLength)
	if err != nil {
		panic(err)
	}
	return code
}
