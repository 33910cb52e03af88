//go:build race

package capture_test

// sideBySide is how many tests run at once for each processor: under the race detector floe's own work
// is what they wait for.
const sideBySide = 1
