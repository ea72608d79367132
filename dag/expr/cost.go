package expr

// Cost is about how many nanoseconds the program takes for a row. It tells cheap from costly and no more.
func (p *Program) Cost() int { return (p.root.cost() + 9) / 10 }
