package job

import "testing"

func TestSizesComeBack(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{"2GiB": 2 << 30, "500MB": 500e6, "0": 0, "1 MiB": 1 << 20, "1025": 1025, "3B": 3} {
		var is, again Size
		if err := is.Set(text); err != nil || is != want {
			t.Errorf("%s is %d (%v), want %d", text, is, err, want)
		}
		if err := again.Set(is.String()); err != nil || again != is {
			t.Errorf("%d is shown as %s, which is %d (%v)", is, is.String(), again, err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "2 gibi", "9999999TiB", "1.5GiB"} {
		var s Size
		if s.Set(text) == nil {
			t.Errorf("%q is taken for %d bytes", text, s)
		}
	}
}
