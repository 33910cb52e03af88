// Package regress has PostgreSQL's own regression tests fill a database, and floe copy it: a real schema
// of every kind that the project did not write. It is a lane of its own, make e2e-regress, for it takes
// the sources from Debian (apt-get source) and compiles the library that they test with.
package regress
