// The compose file as compose sees it: its schema, its interpolation, its references.
package main

import (
	"context"

	"github.com/compose-spec/compose-go/v2/cli"
)

// compose returns the project as compose resolves it with nothing in the environment.
func compose(path string) (any, []string) {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithName("linnet"), cli.WithInterpolation(true), cli.WithConsistency(true))
	if err != nil {
		return nil, []string{err.Error()}
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, []string{err.Error()}
	}
	return project, nil
}
