package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"floe/cmd/floe/demo"
)

// offerDemo gives `floe dev` the flag --demo, under which it needs no job.
func (d *dev) offerDemo(cmd *cobra.Command) {
	asked := cmd.Flags().Bool("demo", false, "bring two servers, sample data and live traffic; kill the applier; compare")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*asked {
			return run(cmd, args)
		}
		f := &d.app.flags
		if f.file != "" || f.source != "" || f.target != "" || f.dataDir != "" {
			return exit(codeUsage, errors.New("--demo brings its own job, databases and folder: leave out -f, --source, --target and --data-dir"))
		}
		floe, err := os.Executable()
		if err != nil {
			return err
		}
		err = demo.Run(cmd.Context(), demo.Options{Floe: floe, Listen: d.listen, Once: d.onceOnly, Out: d.app.out})
		if errors.Is(err, demo.ErrDiffers) {
			return exit(codeMismatch, err)
		}
		return err
	}
}
