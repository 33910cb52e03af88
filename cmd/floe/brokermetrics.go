package main

import (
	"io/fs"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
)

// brokerMetrics registers what the embedded broker's folder holds, looked at when it is asked for.
func brokerMetrics(reg prometheus.Registerer, dir string) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "floe_broker_log_bytes", Help: "Size of the embedded broker's log."},
		func() float64 { return float64(folderBytes(dir)) }))
}

// folderBytes adds up the files of a folder; what goes away meanwhile is left out.
func folderBytes(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if f, err := d.Info(); err == nil {
			sum += f.Size()
		}
		return nil
	})
	return sum
}
