//go:build ignore

// This command packs the zone files of Debian's tzdata into zones.zip: each content once, the names
// that share it as links, the version. It is run by `go generate ./inventory/hours` on a machine
// that has a newer tzdata; the same data make the same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	from := flag.String("from", "/usr/share/zoneinfo", "the folder of zone files")
	into := flag.String("into", "zones.zip", "the archive to write")
	flag.Parse()
	if err := pack(*from, *into); err != nil {
		log.Fatal(err)
	}
}

func pack(from, into string) error {
	zi, err := os.ReadFile(filepath.Join(from, "tzdata.zi"))
	if err != nil {
		return err
	}
	version, _, _ := strings.Cut(string(zi), "\n")
	if !strings.HasPrefix(version, "# version ") {
		return fmt.Errorf("tzdata.zi says no version")
	}
	files, err := zoneFiles(from)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	// The program reads version and links from here, in the notation of tzdata.zi itself.
	index := version + "\n"
	first := map[string]string{}
	for _, name := range sortedByRank(files) {
		data := files[name]
		if target, seen := first[string(data)]; seen {
			index += fmt.Sprintf("L %s %s\n", target, name)
			continue
		}
		first[string(data)] = name
		if err := add(w, name, data); err != nil {
			return err
		}
	}
	if err := add(w, "tzdata.zi", []byte(index)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %d zones, %d of them links, %d bytes\n", strings.TrimPrefix(version, "# "), len(files), len(files)-len(first), archive.Len())
	return os.WriteFile(into, archive.Bytes(), 0o644)
}

func add(w *zip.Writer, name string, data []byte) error {
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Time{}})
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}

// zoneFiles reads every zone file by its name. Debian's links are followed, so that each name has
// its content.
func zoneFiles(from string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch name {
		case "posix", "right": // the same zones again, and with leap seconds
			return fs.SkipDir
		case "localtime", "posixrules", "Factory": // no zones
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(data, []byte("TZif")) {
			files[filepath.ToSlash(name)] = data
		}
		return nil
	})
	return files, err
}

// sortedByRank puts America/Toronto before Canada/Eastern, so that the name in use has the file.
func sortedByRank(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	old := func(name string) bool {
		area, _, found := strings.Cut(name, "/")
		return !found || slices.Contains([]string{"Brazil", "Canada", "Chile", "Mexico", "US"}, area)
	}
	slices.SortFunc(names, func(a, b string) int {
		if old(a) != old(b) {
			if old(b) {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
}
