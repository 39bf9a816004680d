// The checks of the deployment's files that only the real thing can do: manifests by Kubernetes' own validation, the
// compose file by compose's own loader. What is good is printed as JSON, for the tests that run it.
//
// Usage: check manifests <FILE, check compose FILE, or check yaml FILE (which is YAML, and no more)
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	found, problems := any(nil), []string{"usage: check manifests <FILE, check compose FILE, or check yaml FILE"}
	switch {
	case len(os.Args) == 2 && os.Args[1] == "manifests":
		found, problems = manifests(os.Stdin)
	case len(os.Args) == 3 && os.Args[1] == "compose":
		found, problems = compose(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "yaml":
		found, problems = plain(os.Args[2])
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func plain(path string) (any, []string) {
	text, err := os.ReadFile(path)
	var found any
	if err == nil {
		err = yaml.UnmarshalStrict(text, &found)
	}
	if err != nil {
		return nil, []string{err.Error()}
	}
	return found, nil
}
