package capture_test

import (
	"strings"
	"testing"
	"time"

	"floe/pkg/ledger"
	"floe/pkg/pgtest/shim"
)

// The row id that an Oracle-mode server adds to its tables is in every Relation message and in old images,
// and in nothing that the log holds: with keys and without, in the load, behind it, of tables that come
// while capture runs, behind an ALTER, and of a partition.
func TestHiddenRowIDDoesNotTravel(t *testing.T) {
	t.Parallel()
	j := newJob(t, shim.Catalogs, shim.RowID("keyed", "id int primary key, v text"), shim.RowID("bag", "v text, n int"),
		shim.RowID("leaf", "k int not null, v text")+`create table root (rowid bigint not null, k int not null, v text) partition by list (k); alter table root attach partition leaf default`,
		`create table own (rowid bigint primary key, v text)`,
		`insert into keyed (id, v) select g, g::text from generate_series(1, 200) g`, `insert into bag (v, n) select 'v', g % 3 from generate_series(1, 30) g`,
		`insert into root (rowid, k, v) select g, g, 'p' from generate_series(1, 20) g`, `insert into own values (1, 'mine')`)
	j.start()
	change := func() {
		j.exec(`update keyed set v = v || 'x' where id % 3 = 0`, `update keyed set id = id + 1000 where id % 50 = 1`, `delete from keyed where id % 7 = 0`, `insert into keyed (id) select coalesce(max(id), 0) + 1 from keyed`,
			`update bag set n = n + 1 where n = 1`, `delete from bag where ctid in (select ctid from bag limit 2)`, `insert into bag (v) values (null)`,
			`update root set v = v || 'y' where k > 10`, `update own set v = v || 'z'`, `insert into own select max(rowid) + 1 from own`)
	}
	change()
	j.waitLog(j.end())
	change()
	j.exec(`alter table keyed add column w int default 5`, `alter table bag drop column n`, `alter table bag add column n bigint default 1`, shim.RowID("late", "id int primary key, v text"), `insert into late (id) values (1), (2)`)
	change()
	j.exec(`update late set v = 'late'`)
	j.waitLog(j.end())
	replica := j.tap().replay()
	replica.same(j)
	seen := 0
	for _, c := range replica.tables {
		seen++
		if at := c.Column("rowid"); (at >= 0) != (c.Name.Name == "own") {
			t.Errorf("%s bears rowid as column %d", c.Name, at)
		}
	}
	if seen != 5 {
		t.Errorf("%d tables in the log", seen)
	}
}

// Synonyms and packages are in the log from its beginning. No event trigger tells of a synonym: that one
// came, changed or went is seen in the catalog.
func TestSynonymsAndPackagesAreInTheLog(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create schema pay`, `create table t (id int primary key)`, shim.Catalogs, shim.Nest("pay", "public", "  x NUMBER;", "  y NUMBER;"), shim.Synonym("90001", "", "first", "public", "t", ""))
	j.start()
	j.waitLog(j.end())
	j.awaitObject("synonym", "first", "PUBLIC SYNONYM first FOR public.t")
	j.awaitObject("package", "pay", "PACKAGE public.pay IS")
	j.awaitObject("package-body", "pay", "PACKAGE BODY public.pay IS")
	mods := func(sql string) {
		j.exec(`set allow_system_table_mods = on; ` + sql + `; reset allow_system_table_mods`)
	}
	mods(`update pg_synonym set synobjname = 'other'`)
	j.awaitObject("synonym", "first", "FOR public.other")
	mods(`delete from pg_synonym`)
	j.awaitObject("synonym", "first", ledger.Gone)
	mods(`update shim_package set body = '  z NUMBER;'; update pg_namespace set nspowner = nspowner where nspname = 'pay'`) // as CREATE OR REPLACE does
	j.awaitObject("package-body", "pay", "z NUMBER;")
}

// awaitObject waits until the last that the log says of an object holds a text.
func (j *job) awaitObject(kind, name, body string) {
	j.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		p := j.tap()
		p.replay()
		last, said := "", false
		for _, o := range p.objects {
			if o.Kind == kind && o.Name == name {
				last, said = o.Body, true
			}
		}
		if said && (last == body || body != ledger.Gone && strings.Contains(last, body)) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			j.t.Fatalf("the log says %q of %s %s, want %q", last, kind, name, body)
		}
	}
}
