package pgtest

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// memory is where Linux keeps files in memory. A database is three hundred files. Some file systems take
// longer to make them the more files were removed a moment ago, and tests make and drop databases all the time.
const memory = "/dev/shm"

const (
	// tmpfs is what statfs says of files in memory.
	tmpfs = 0x01021994
	// enough is the memory that must be left for a server to lie in it: most hold some hundred MiB.
	enough = 4 << 30
)

// place is the folder where a temporary server's folder is made. TMPDIR, if it is set, is what was asked for.
func (o Options) place() string {
	if !o.inMemory || o.Durable || o.Large || os.Getenv("TMPDIR") != "" || !roomy(memory) {
		return os.TempDir()
	}
	return memory
}

// roomy tells whether files in the folder lie in memory, with enough of it left.
func roomy(dir string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return false
	}
	return uint64(fs.Type) == tmpfs && uint64(fs.Bavail)*uint64(fs.Bsize) >= enough && available() >= enough
}

// available is the machine's memory that is not in use, in bytes; 0 if nothing says so.
func available() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
