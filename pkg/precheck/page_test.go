package precheck

import (
	"testing"

	"floe/pkg/guide"
)

// Whoever adds a check says what it means, too (pkg/guide).
func TestEveryCheckHasAPage(t *testing.T) {
	t.Parallel()
	for _, code := range Codes {
		if p := guide.Of(code); p == nil || p.Kind != guide.Precheck {
			t.Errorf("%s has no page in pkg/guide", code)
		}
	}
}
