package broker

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A partition's folder is kfake's: the segments <first offset>.dat hold record batches as they go over
// the wire, and snapshot.json, written when a broker is closed, says what is in them. Without a snapshot
// that fits, kfake holds all batches of the partition in memory at once when it opens it: as many bytes
// as the log has.

// snapshot is what floe needs of kfake's persistPartSnapshot, version 1.
type snapshot struct {
	Version          int               `json:"version"`
	HighWatermark    int64             `json:"high_watermark"`
	LastStableOffset int64             `json:"last_stable_offset"`
	LogStartOffset   int64             `json:"log_start_offset"`
	Epoch            int32             `json:"epoch"`
	CreatedAt        time.Time         `json:"created_at"`
	Segments         []snapshotSegment `json:"segments"`
}

type snapshotSegment struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
}

const snapshotVersion = 1

// settle writes the snapshots of a log whose broker was killed, so that it is opened like one that was
// closed. A batch that was cut short at a partition's end is cut off, as kfake does.
func settle(logDir string) error {
	dirs, err := filepath.Glob(filepath.Join(logDir, "partitions", "*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := settlePartition(dir); err != nil {
			return fmt.Errorf("partition %s: %w", filepath.Base(dir), err)
		}
	}
	return nil
}

// settlePartition leaves alone what fits, and what holds no batch: kfake reads that.
func settlePartition(dir string) error {
	segments, err := segmentsOf(dir)
	if err != nil || len(segments) == 0 {
		return err
	}
	file := filepath.Join(dir, "snapshot.json")
	was := snapshot{Version: snapshotVersion}
	switch b, err := os.ReadFile(file); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case json.Unmarshal(b, &was) != nil || was.Version != snapshotVersion:
		return nil
	case slices.Equal(was.Segments, segments):
		return nil
	}
	first, err := firstBatch(filepath.Join(dir, segments[0].file()))
	if err != nil || first == nil {
		return err
	}
	end, err := cut(dir, segments)
	if err != nil || end == 0 {
		return err
	}
	now := snapshot{Version: snapshotVersion, HighWatermark: end, LastStableOffset: end, Epoch: was.Epoch, CreatedAt: was.CreatedAt, Segments: segments}
	now.LogStartOffset = min(max(was.LogStartOffset, first.FirstOffset), end)
	if now.CreatedAt.IsZero() {
		now.CreatedAt = time.UnixMilli(first.FirstTimestamp)
	}
	b, err := json.Marshal(now)
	if err != nil {
		return err
	}
	tmp := file + ".tmp" // kfake removes what has this name
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

func (s snapshotSegment) file() string { return strconv.FormatInt(s.BaseOffset, 10) + ".dat" }

// segmentsOf lists a partition's segments in the order of their offsets.
func segmentsOf(dir string) ([]snapshotSegment, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var segments []snapshotSegment
	for _, f := range files {
		name, isSegment := strings.CutSuffix(f.Name(), ".dat")
		base, err := strconv.ParseInt(name, 10, 64)
		if !isSegment || err != nil {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, snapshotSegment{base, info.Size()})
	}
	slices.SortFunc(segments, func(a, b snapshotSegment) int { return cmp.Compare(a.BaseOffset, b.BaseOffset) })
	return segments, nil
}

// cut takes from the last segment that holds batches what was not written whole, and returns the offset behind
// its last batch, 0 if there is none. A segment behind it was opened, and nothing was written there.
func cut(dir string, segments []snapshotSegment) (end int64, err error) {
	for i := len(segments) - 1; i >= 0 && end == 0; i-- {
		s := &segments[i]
		path := filepath.Join(dir, s.file())
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		whole := int64(0)
		for r := bufio.NewReader(f); ; {
			b, size, err := readBatch(r)
			if err != nil {
				return 0, errors.Join(err, f.Close())
			}
			if b == nil {
				break
			}
			whole += size
			end = b.FirstOffset + int64(b.LastOffsetDelta) + 1
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
		if whole < s.Size {
			if err := os.Truncate(path, whole); err != nil {
				return 0, err
			}
			s.Size = whole
		}
	}
	return end, nil
}

// firstBatch is nil for a segment that has none.
func firstBatch(path string) (*kmsg.RecordBatch, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, _, err := readBatch(f)
	return b, errors.Join(err, f.Close())
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readBatch reads a batch and returns its size on disk; nil where none is whole (KIP-98: the offset, the
// length of what follows it, four bytes of epoch and one of version, the checksum of what follows that).
func readBatch(r io.Reader) (*kmsg.RecordBatch, int64, error) {
	const toLength, toSum, least, most = 12, 21, 61, 1 << 30
	head := make([]byte, toLength)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, 0, notEnd(err)
	}
	size := toLength + int64(binary.BigEndian.Uint32(head[8:]))
	if size < least || size > most {
		return nil, 0, nil
	}
	raw := append(make([]byte, 0, size), head...)[:size]
	if _, err := io.ReadFull(r, raw[toLength:]); err != nil {
		return nil, 0, notEnd(err)
	}
	var b kmsg.RecordBatch
	if b.ReadFrom(raw) != nil || uint32(b.CRC) != crc32.Checksum(raw[toSum:], castagnoli) {
		return nil, 0, nil
	}
	return &b, size, nil
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
