//go:build !race

package capture_test

// sideBySide is how many tests run at once for each processor: most wait for a look at the catalog.
const sideBySide = 3
