package file

import "flowrun/dag/codec"

// heldBy is about how many bytes an encoder holds back that belong to the open part.
func heldBy(e codec.Encoder) int64 {
	if e, ok := e.(codec.Ender); ok {
		return e.Held()
	}
	return 0
}

// end writes what ends the open part, where its format has something to say there. One that had no rows says so as well.
func (s *sink) end() error {
	if s.enc == nil {
		s.enc = s.encoder()
	}
	e, ok := s.enc.(codec.Ender)
	if !ok {
		return nil
	}
	text, err := e.End(s.buf[:0])
	if s.buf = text; cap(text) > maxBuffer {
		s.buf = nil
	}
	if err != nil {
		return failed(s.part.path, err)
	}
	return s.part.write(text)
}
