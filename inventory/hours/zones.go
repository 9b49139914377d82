package hours

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"canot/internal/fault"
)

//go:generate go run pack.go

//go:embed zones.zip
var packed []byte

// A zoneSource is one set of zone files, as the tz project's zic writes them.
type zoneSource struct {
	files   fs.FS
	links   func() map[string]string // names that are another name's, for those without a file; nil for none
	version string
	label   string
	loaded  sync.Map // string → *time.Location
}

var current atomic.Pointer[zoneSource]

func source() *zoneSource {
	if s := current.Load(); s != nil {
		return s
	}
	current.CompareAndSwap(nil, newest(embedded(), system()))
	return current.Load()
}

func newest(carried, found *zoneSource) *zoneSource {
	if found != nil && found.version > carried.version {
		return found
	}
	return carried
}

// ZoneData returns the version of the zone data in use, such as 2026f, and where it is from:
// "embedded", "system", or "given" by SetZoneSource. It is the newer of what the program carries
// and what the machine has; never Go's own.
func ZoneData() (version, from string) {
	s := source()
	return s.version, s.label
}

// SetZoneSource makes LoadZone read zone files (TZif, by zone name) from fsys, and ZoneData report
// its version, until restore is called. It is for tests, and for commands that compare two
// versions. Locations already loaded, by whoever holds them, stay what they are. It acts on the
// whole process: tests that use it do not run in parallel.
func SetZoneSource(fsys fs.FS, version string) (restore func()) {
	before := source()
	current.Store(&zoneSource{files: fsys, links: zoneLinks(fsys), version: version, label: "given"})
	return func() { current.Store(before) }
}

var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}$`)

// LoadZone returns the zone of that IANA name. A name that is empty, "Local", a path, or not in the
// data is a fault with the code unknown_zone. There is no fall-back to other, perhaps older data.
// It may be called by several goroutines at once; a zone is read once.
func LoadZone(name string) (*time.Location, error) {
	unknown := fault.New(fault.Malformed, "unknown_zone", nil)
	if !servable(name) {
		return nil, unknown
	}
	s := source()
	if zone, known := s.loaded.Load(name); known {
		return zone.(*time.Location), nil
	}
	data, err := s.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown
	}
	if err != nil {
		return nil, unknown.Because(fmt.Errorf("read zone data %s: %w", s.version, err))
	}
	zone, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, unknown.Because(fmt.Errorf("read zone data %s: %w", s.version, err))
	}
	kept, _ := s.loaded.LoadOrStore(name, zone)
	return kept.(*time.Location), nil
}

// servable refuses what is in the folder of zone files but is no zone: the machine's own choice,
// and the twins that count leap seconds.
func servable(name string) bool {
	if len(name) > 64 || !zoneName.MatchString(name) {
		return false
	}
	switch first, _, _ := strings.Cut(name, "/"); first {
	case "Local", "localtime", "posixrules", "posix", "right", "Factory":
		return false
	}
	return true
}

func (s *zoneSource) read(name string) ([]byte, error) {
	data, err := fs.ReadFile(s.files, name)
	if err == nil || s.links == nil || !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if target := s.links()[name]; servable(target) {
		return fs.ReadFile(s.files, target)
	}
	return nil, err
}

// embedded opens the zone data that the program carries.
func embedded() *zoneSource {
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic(fmt.Sprintf("hours: zones.zip is broken; rebuild it with go generate: %v", err))
	}
	return &zoneSource{files: files, links: zoneLinks(files), version: zoneVersion(files), label: "embedded"}
}

// system opens the zone data of the machine: the folder that ZONEINFO names, as Go reads it, or the
// usual one. It returns nil when there is none, or none that says its version.
func system() *zoneSource {
	for _, folder := range []string{os.Getenv("ZONEINFO"), "/usr/share/zoneinfo"} {
		if folder == "" {
			continue
		}
		files := os.DirFS(folder)
		if version := zoneVersion(files); version != "" {
			return &zoneSource{files: files, links: zoneLinks(files), version: version, label: "system"}
		}
	}
	return nil
}

var tzVersion = regexp.MustCompile(`^(?:# version )?([0-9]{4}[a-z]{1,2})\b`)

// zoneVersion returns the version that a set of zone files says it is, or "".
func zoneVersion(files fs.FS) string {
	for _, name := range []string{"tzdata.zi", "+VERSION"} {
		text, err := readStart(files, name)
		if err != nil {
			continue
		}
		if m := tzVersion.FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
}

func readStart(files fs.FS, name string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	start := make([]byte, 64)
	n, err := f.Read(start)
	if n == 0 && err != nil {
		return "", err
	}
	return string(start[:n]), nil
}

// zoneLinks reads the names that have no file of their own, from lines "L target name" of
// tzdata.zi: Debian keeps old names in a package apart, and the embedded data keeps each file once.
func zoneLinks(files fs.FS) func() map[string]string {
	return sync.OnceValue(func() map[string]string {
		links := map[string]string{}
		text, err := fs.ReadFile(files, "tzdata.zi")
		if err != nil {
			return links
		}
		for line := range strings.Lines(string(text)) {
			if field := strings.Fields(line); len(field) == 3 && field[0] == "L" {
				links[field[2]] = field[1]
			}
		}
		return links
	})
}
