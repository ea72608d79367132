package tui

import (
	"fmt"
	"reflect"

	tea "github.com/charmbracelet/bubbletea"
)

func fmtType(v any) string { return fmt.Sprintf("%T", v) }

// sequence takes Bubble Tea's unexported sequence apart.
func sequence(msg tea.Msg) []tea.Cmd {
	v := reflect.ValueOf(msg)
	cmds := make([]tea.Cmd, v.Len())
	for i := range cmds {
		cmds[i] = v.Index(i).Interface().(tea.Cmd)
	}
	return cmds
}
