package file

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// partName is the name of a part without its ending. Eight digits keep parts in order for longer than a century of one every
// minute.
func partName(number int) string { return fmt.Sprintf("part-%08d", number) }

var (
	shownPart  = regexp.MustCompile(`^part-([0-9]{8,18})\.`)
	hiddenPart = regexp.MustCompile(`^\.part-[0-9]{8,18}\..*\` + hiddenEnding + `$`)
)

// tidy removes what a crash left in the directory, which is locked, and gives the number behind the last part.
func (s *sink) tidy() (next int, err error) {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if hiddenPart.MatchString(e.Name()) {
			if err := ignoreMissing(os.Remove(filepath.Join(s.path, e.Name()))); err != nil {
				return 0, err
			}
			s.rt.Log().Info("removed " + e.Name() + ", which an earlier run did not finish")
		}
		if m := shownPart.FindStringSubmatch(e.Name()); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return 0, err
			}
			next = max(next, n+1)
		}
	}
	return next, nil
}
