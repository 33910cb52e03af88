package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "dev"

// logFormat is the version of the log's format.
const logFormat = 1

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Version of floe, Go and the log's format", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Go       string `json:"go"`
				Log      int    `json:"log_format"`
			}{version, revision(), runtime.Version(), logFormat}
			if a.machine() {
				return a.encode(v)
			}
			_, err := fmt.Fprintf(a.out, "floe %s %s (%s, log format %d)\n", v.Version, v.Revision, v.Go, v.Log)
			return err
		}}
}

func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
