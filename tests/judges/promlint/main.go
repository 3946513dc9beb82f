// promlint judges numbers in Prometheus' text format, from stdin: with the linter of Prometheus' own client library, which
// `promtool check metrics` runs too. Besides bad names and missing help it finds what cannot be parsed, and series that are told
// twice, which node_exporter refuses. What is wrong goes to stderr, with exit code 1.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func main() {
	problems, err := promlint.New(os.Stdin).Lint()
	if err != nil || len(problems) > 0 {
		fmt.Fprintln(os.Stderr, problems, err)
		os.Exit(1)
	}
}
