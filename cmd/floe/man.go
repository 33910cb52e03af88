package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{Use: "man DIR", Short: "Write the manual's pages, one for each command, into a folder: floe man /usr/local/share/man/man1", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return exit(codeUsage, err)
			}
			n := 0
			err := pages(cmd.Root(), func(name string, page []byte) error {
				n++
				return os.WriteFile(filepath.Join(args[0], name), page, 0o644)
			})
			if err != nil {
				return exit(codeUsage, err)
			}
			_, err = fmt.Fprintf(a.out, "%d pages in %s\n", n, args[0])
			return err
		}}
}

// pages hands on the page of a command and of those below it.
func pages(cmd *cobra.Command, take func(name string, page []byte) error) error {
	if !cmd.IsAvailableCommand() && cmd.HasParent() {
		return nil
	}
	if err := take(pageName(cmd)+".1", page(cmd)); err != nil {
		return err
	}
	for _, c := range cmd.Commands() {
		if err := pages(c, take); err != nil {
			return err
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is the page of one command, in man's macros.
func page(cmd *cobra.Command) []byte {
	var b bytes.Buffer
	line := func(text string, args ...any) { fmt.Fprintf(&b, text+"\n", args...) }
	line(`.TH "%s" "1" "" "floe %s" ""`, roff(strings.ToUpper(pageName(cmd))), roff(version))
	line(".SH NAME\n%s \\- %s", roff(pageName(cmd)), roff(cmd.Short))
	line(".SH SYNOPSIS\n.B %s", roff(cmd.UseLine()))
	if cmd.Long != "" {
		line(".SH DESCRIPTION\n%s", roff(cmd.Long))
	}
	optionPages(&b, "OPTIONS", cmd.NonInheritedFlags())
	optionPages(&b, "OPTIONS OF EVERY COMMAND", cmd.InheritedFlags())
	line(".SH EXIT STATUS\n%s", roff(exitCodes))
	var see []string
	if cmd.HasParent() {
		see = append(see, pageName(cmd.Parent()))
	}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			see = append(see, pageName(c))
		}
	}
	if len(see) > 0 {
		line(".SH SEE ALSO")
		for i, s := range see {
			line(".BR %s (1)%s", roff(s), map[bool]string{true: ","}[i < len(see)-1])
		}
	}
	return b.Bytes()
}

const exitCodes = "0 ok; 1 internal; 2 usage, or the job file is not valid; 3 a precheck keeps the job from starting; 4 warnings with --strict; 5 a database, Kafka or the registry is unreachable, or refused; 6 the sides differ; 7 the job failed; 8 the wait timed out; 9 not found, or in conflict with something; 130 second Ctrl-C."

func optionPages(b *bytes.Buffer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(name+" "+value)), roff(usage))
	})
}

// roff is a text as man prints it: a line that begins with a dot or a quote would be a request, and a
// hyphen would be cut at.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
