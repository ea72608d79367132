package sqltable

import (
	"context"

	"flowrun/dag/op"
)

// Transaction is one of a database, in which a commit is carried out. Its methods are called in this order, one at a time.
type Transaction interface {
	Begin(ctx context.Context) error
	// Last is the number of the writer's last commit that was carried out; 0: none is known.
	Last(ctx context.Context, writer string) (int64, error)
	// Write does to the target what the commit says, and gives the rows that are refused, which it leaves out.
	Write(ctx context.Context, c Commit) ([]Refusal, error)
	// Note keeps the number of the commit as the writer's last.
	Note(ctx context.Context, id *ID) error
	Commit(ctx context.Context) error
	// Rollback ends the transaction without a trace. It comes in place of Commit, or where that failed.
	Rollback(ctx context.Context)
}

// Carry carries a commit out in a transaction, unless it is known to be carried out already; see [Database.Apply]. place is the database as it
// may be shown.
func Carry(ctx context.Context, rt op.Runtime, place string, tx Transaction, c Commit) (refused []Refusal, err error) {
	if err := tx.Begin(ctx); err != nil {
		return nil, err
	}
	open := true
	defer func() {
		if open {
			tx.Rollback(context.WithoutCancel(ctx))
		}
	}()
	if c.ID != nil {
		last, err := tx.Last(ctx, c.ID.Writer)
		if err != nil {
			return nil, err
		}
		if uint64(last) < c.ID.Before {
			rt.WarnEvery("behind", "the database does not know the commit before this one: it is another one, or an older copy, and lacks rows", "database", place, "has", last, "before", c.ID.Before)
		}
		if uint64(last) >= c.ID.Number {
			return nil, nil
		}
	}
	refused, err = tx.Write(ctx, c)
	if err != nil || c.Trial || c.Whole && len(refused) > 0 {
		return refused, err
	}
	if c.ID != nil {
		if err := tx.Note(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, err
	}
	open = false
	return refused, nil
}
