package sqltable

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

	"flowrun/dag/op"
	"flowrun/dag/stage"
)

// token says which commit is prepared, and what it does. Its rows are in the piece; so is their schema.
type token struct {
	Version  int         `json:"version"`
	Writer   string      `json:"writer"`
	Number   uint64      `json:"number"`
	Before   uint64      `json:"before,omitempty"`
	Act      bool        `json:"act,omitempty"` // false: there is nothing to do, and Number is that of the last commit
	Table    string      `json:"table,omitempty"`
	Mode     Mode        `json:"mode,omitempty"`
	Key      []string    `json:"key,omitempty"`
	Piece    stage.Piece `json:"piece"`
	Pipeline string      `json:"pipeline,omitempty"`
}

const tokenVersion = 1

func newToken() token { return token{Version: tokenVersion, Writer: rand.Text()} }

func parseToken(p op.Prepared) (token, error) {
	var t token
	if err := json.Unmarshal(p, &t); err != nil || t.Version != tokenVersion {
		return t, fmt.Errorf("the checkpoint has a commit of another version of flowrun, or of another kind of sink: finish it with that, or begin anew with --fresh")
	}
	return t, nil
}

func (t token) encode() op.Prepared {
	p, err := json.Marshal(t)
	if err != nil {
		panic(err) // plain data
	}
	return p
}
