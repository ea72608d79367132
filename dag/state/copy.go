package state

// How columns copy entries from one of their kind, into entries that hold nothing yet.

// Copy implements Column.
func (c *Fixed[T]) Copy(into []int32, from Column, slots []int32) error {
	v := from.(*Fixed[T]).V
	for i, s := range into {
		c.V[s] = v[slots[i]]
	}
	return nil
}

// Copy implements Column.
func (c *Values) Copy(into []int32, from Column, slots []int32) error {
	var v Vector
	v.loadKept(from.(*Values), slots)
	for i, s := range into {
		c.Set(s, &v, i)
	}
	return nil
}

// Copy implements Column.
func (l *Lists) Copy(into []int32, from Column, slots []int32) error {
	other := from.(*Lists)
	var v Vector
	var places, owners []int32
	for i, s := range into {
		places = other.Places(places[:0], slots[i])
		v.loadKept(other.values, places)
		owners = resize(owners, len(places))
		for j := range owners {
			owners[j] = s
		}
		if err := l.Append(owners, &v); err != nil {
			return err
		}
	}
	return nil
}

// Copy implements Column.
func (s *Set) Copy(into []int32, from Column, slots []int32) error {
	other := from.(*Set)
	sizes := make([]int64, len(s.first)) // whoever counts keeps that in a column of its own
	var places, owners []int32
	var v Vector
	for i, slot := range into {
		places = places[:0]
		for e := other.first[slots[i]]; e != 0; e = other.next.V[e-1] {
			places = append(places, e-1)
		}
		v.loadKept(other.table.Key(1), places)
		owners = resize(owners, len(places))
		for j := range owners {
			owners[j] = slot
		}
		if err := s.Add(owners, &v, sizes); err != nil {
			return err
		}
		for k, c := range s.table.attached {
			if c == Column(&s.next) {
				continue
			}
			if err := c.Copy(s.places, other.table.attached[k], places); err != nil {
				return err
			}
		}
	}
	return nil
}

// Copy implements Column.
func (c *Estimates) Copy(into []int32, from Column, slots []int32) error {
	other := from.(*Estimates)
	for i, s := range into {
		if number := -other.few.place[slots[i]] - 1; number >= 0 {
			c.mergeRegisters(s, other.registers[number])
			continue
		}
		for _, e := range other.few.of(slots[i]) {
			if e != 0 {
				c.add(s, e)
			}
		}
	}
	return nil
}

// Copy implements Column.
func (c *Quantiles) Copy(into []int32, from Column, slots []int32) error {
	other := from.(*Quantiles)
	for i, s := range into {
		for _, e := range other.bins.of(slots[i]) {
			if e != 0 {
				c.add(s, e>>countBits, e&countMask)
			}
		}
	}
	return nil
}
