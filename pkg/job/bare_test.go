package job

import "testing"

// Whatever form a connection string has, its password does not stay in it.
func TestBareConnectionStrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://u:hunter2@h:5432/d":                       "postgres://u@h:5432/d",
		"postgres://u:hun/ter@2@h/d?sslmode=require":          "postgres://u@h/d?sslmode=require",
		"postgresql://u@h/d?password=hunter2&sslmode=disable": "postgresql://u@h/d?sslmode=disable",
		"postgres:///d?host=/tmp&user=u&password=hunter2":     "postgres:///d?host=/tmp&user=u",
		"postgres://h/d?sslpassword=x":                        "postgres://h/d",
		"host=h password=hunter2 dbname=d":                    "host=h dbname=d",
		`host=h dbname=d password = 'hun\'ter 2'`:             "host=h dbname=d",
		`password=hun\ ter2 host=h sslpassword='x'`:           "host=h",
		"postgres://u:${PW}@h/d":                              "postgres://u@h/d",
	} {
		if got, had := Bare(in); got != want || !had {
			t.Errorf("%s: %q, had one: %v", in, got, had)
		}
	}
	for _, in := range []string{"postgres://u@h/d", "postgres:///d?host=/tmp", "host=h dbname=d", "${SOURCE_URL}", ""} {
		if got, had := Bare(in); got != in || had {
			t.Errorf("%s: %q, had one: %v", in, got, had)
		}
	}
}
