package identity

// Address reads an address of e-mail as a person types it, and returns it as it is written to and
// the key by which two spellings of it are one. It is Malformed, bad_email or required, when it
// cannot be one.
func Address(field, text string) (address, key string, err error) {
	var f form
	address = f.email(field, text)
	f.required(field, address)
	return address, foldEmail(address), f.fault()
}
