package publish

// roomBytes bounds what is on its way to Kafka while a large record is made: the record itself is in
// memory twice by then, as it came and as it goes.
const roomBytes = 32 << 20

// Room waits until n bytes more may be made into a record: until they fit beside what is not
// acknowledged, or nothing is. Who got room produces a record that says so, or nothing ever again.
func (w *Writer) Room(n int) error {
	w.mu.Lock()
	w.handOn() // what is held back would never be acknowledged
	w.mu.Unlock()
	w.wanting.Add(1)
	defer w.wanting.Add(-1)
	for !w.fits(int64(n)) {
		select {
		case <-w.freed:
		case <-w.ctx.Done():
			return w.Err()
		}
	}
	return nil
}

// fits takes the room if it is there.
func (w *Writer) fits(n int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	used := w.unacked.Load() + w.given.Load()
	if used > 0 && used+n > roomBytes {
		return false
	}
	w.given.Add(n)
	return true
}

// free notes the acknowledgement of n bytes.
func (w *Writer) free(n int) {
	w.unacked.Add(-int64(n))
	w.stored.Add(int64(n) + recordOverhead)
	if w.wanting.Load() > 0 {
		signal(w.freed)
	}
}
