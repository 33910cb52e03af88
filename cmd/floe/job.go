package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"floe/pkg/job"
)

func (a *app) jobCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "job", Short: "The job and its file"}
	cmd.AddCommand(a.initCommand(), a.planCommand(), a.exportCommand(), a.applyCommand(), a.resetCommand())
	cmd.AddCommand(&cobra.Command{Use: "schema", Short: "The JSON schema of a job file, for editors: floe job schema > job.schema.json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := job.Schema()
			if err != nil {
				return err
			}
			_, err = a.out.Write(text)
			return err
		}})
	cmd.AddCommand(&cobra.Command{Use: "validate [FILE]", Short: "Read the job file and show every fault with its line", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := a.flags.file
			if len(args) > 0 {
				file = args[0]
			}
			if file == "" {
				return exit(codeUsage, errors.New("which file? floe job validate job.yaml"))
			}
			j, err := job.Load(file)
			if err != nil {
				return exit(codeUsage, err)
			}
			notices(j, a.log)
			_, err = fmt.Fprintf(a.out, "%s is valid\n", file)
			return err
		}})
	return cmd
}
