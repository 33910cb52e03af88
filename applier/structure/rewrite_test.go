package structure

import (
	"testing"

	"floe/pkg/ident"
)

func TestOnlyColumnsAreRenamed(t *testing.T) {
	t.Parallel()
	renames := map[string]string{"a": "x y", "Up": "q\"q", "lower": "l", "text": "t", "zone": "z", "C": "collation"}
	for in, want := range map[string]string{
		`(a > 0)`:                               `("x y" > 0)`,
		`lower(a) || lower`:                     `lower("x y") || "l"`,
		`"Up" || up || 'a "Up"'`:                `"q""q" || up || 'a "Up"'`,
		`E'it\'s a' || a`:                       `E'it\'s a' || "x y"`,
		`(a)::text || text`:                     `("x y")::text || "t"`,
		`(a)::timestamp with time zone`:         `("x y")::timestamp with time zone`,
		`(a)::"C".text[]`:                       `("x y")::"C".text[]`,
		`a COLLATE "C"`:                         `"x y" COLLATE "C"`,
		`public.a(b) + s.a`:                     `public.a(b) + s.a`,
		`PRIMARY KEY (a, "Up") INCLUDE (lower)`: `PRIMARY KEY ("x y", "q""q") INCLUDE ("l")`,
		`aa + a1 + _a + ünïa`:                   `aa + a1 + _a + ünïa`,
	} {
		if got := renameColumns(in, renames); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestBothEndsOfAForeignKeyAreRenamed(t *testing.T) {
	t.Parallel()
	got := renameForeignKey(`FOREIGN KEY (a, "b (") REFERENCES "S x".t(a, b) MATCH FULL ON DELETE SET NULL (a) DEFERRABLE`,
		map[string]string{"a": "own"}, ident.Name{Schema: "D", Name: "t2"}, map[string]string{"a": "theirs"})
	if want := `FOREIGN KEY ("own", "b (") REFERENCES "D"."t2"("theirs", b) MATCH FULL ON DELETE SET NULL ("own") DEFERRABLE`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestIndexOptionsStandWhereTheGrammarWantsThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`PRIMARY KEY (a)`: `PRIMARY KEY (a) WITH ("fillfactor" = '70')`,
		`UNIQUE (a) INCLUDE (b) DEFERRABLE INITIALLY DEFERRED`:             `UNIQUE (a) INCLUDE (b) WITH ("fillfactor" = '70') DEFERRABLE INITIALLY DEFERRED`,
		`UNIQUE NULLS NOT DISTINCT (a)`:                                    `UNIQUE NULLS NOT DISTINCT (a) WITH ("fillfactor" = '70')`,
		`EXCLUDE USING gist (a WITH =) WHERE ((a IS NOT NULL)) DEFERRABLE`: `EXCLUDE USING gist (a WITH =) WITH ("fillfactor" = '70') WHERE ((a IS NOT NULL)) DEFERRABLE`,
	} {
		if got := withOptions(in, []string{"fillfactor=70"}); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

func TestANameIsMentionedOnlyAsAWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"from src where": true, `"src"`: true, "'public.src'": true, "srcs": false, "my_src": false, "": false} {
		if got := mentions(text, "src"); got != want {
			t.Errorf("%q mentions src: %v", text, got)
		}
	}
}

// Cut apart and joined, any text is itself; renaming nothing that occurs leaves it alone.
func FuzzTokensKeepTheText(f *testing.F) {
	for _, s := range []string{`(a > 0)`, `"`, `'`, `E'\`, `""`, `a::b."c"`, "\xff", `"a""b"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := join(tokens(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
		if got := renameColumns(s, map[string]string{"no such column": "x"}); got != s && !mentions(s, "no such column") {
			t.Errorf("%q became %q", s, got)
		}
		renameForeignKey(s, nil, ident.Name{}, nil)
		withOptions(s, []string{"a=b"})
	})
}
