package checkpoint

// Usage is what a store took of the disk since it was opened, in bytes.
type Usage struct {
	Logged    uint64 // what the commits wrote, to the log and as tables
	Rewritten uint64 // what the database wrote of it again, from memory and in putting changes together
}

// Usage tells what was written up to now. The database goes on in the background.
func (s *Store) Usage() Usage {
	m := s.db.Metrics()
	u := Usage{Logged: m.WAL.BytesWritten}
	for _, l := range m.Levels {
		u.Logged += l.TableBytesIngested
		u.Rewritten += l.TableBytesFlushed + l.TableBytesCompacted + l.BlobBytesFlushed + l.BlobBytesCompacted
	}
	return u
}
