package registry

import (
	"errors"
	"fmt"
	"net/http"
)

// fault is an answer that is an error, with the code that Confluent's clients know.
type fault struct {
	status, code int
	message      string
}

func (f *fault) Error() string { return f.message }

func noSubject(s string) error {
	return &fault{http.StatusNotFound, 40401, fmt.Sprintf("Subject '%s' not found.", s)}
}

func noVersion(n int) error {
	return &fault{http.StatusNotFound, 40402, fmt.Sprintf("Version %d not found.", n)}
}

func noSchema() error { return &fault{http.StatusNotFound, 40403, "Schema not found"} }

func badVersion(s string) error {
	return &fault{http.StatusUnprocessableEntity, 42202, fmt.Sprintf("The specified version '%s' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"", s)}
}

func badSchema(why string) error {
	return &fault{http.StatusUnprocessableEntity, 42201, "Invalid schema: " + why}
}

// readOnly: schemas come from the job's log, and only capture writes there.
func readOnly() error {
	return &fault{http.StatusUnprocessableEntity, 42205, "Operation not permitted: this registry is read only; it serves the schemas of a floe job's log"}
}

func noPath() error { return &fault{http.StatusNotFound, http.StatusNotFound, "HTTP 404 Not Found"} }

// asFault: what is no fault of the request is the log's.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{http.StatusInternalServerError, 50001, "The job's log cannot be read: " + err.Error()}
}
