package route

import "testing"

// The values of org.apache.kafka.common.utils.UtilsTest.testMurmur2: producers of every language find
// the same partition.
func TestMurmur2IsKafkas(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(s))); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestPartitionsAreWithinBounds(t *testing.T) {
	t.Parallel()
	table := &Table{Partitions: 7}
	seen := map[int32]int{}
	for i := range 7000 {
		p := table.Partition([]byte{0, 0, byte(i / 100), 0, 1, byte(i), byte(i >> 8), 1})
		if p < 0 || p >= 7 {
			t.Fatalf("partition %d of 7", p)
		}
		seen[p]++
	}
	for p, n := range seen {
		if n < 700 {
			t.Errorf("partition %d has %d of 7000 keys", p, n)
		}
	}
	if a, b := table.Partition([]byte("\x00\x00\x01\x00\x01key")), table.Partition([]byte("\x00\x00\x02\x00\x01key")); a != b {
		t.Error("a key changes its partition with its schema's id, which every epoch changes")
	}
	if table.Partition(nil) != 0 {
		t.Error("a row without a key is not on partition 0")
	}
}
