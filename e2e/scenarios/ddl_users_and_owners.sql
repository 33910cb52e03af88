-- behaviour: users without rights on floe's objects make, alter, fill and drop tables; owners follow where the target has the role, and what belongs to a role that it lacks goes on all the same
-- needs: superuser; ddl-sync
-- tables: mine.a, mine.b
-- expect: equal
-- expect: precheck: role-missing e2e_plain (warning)
-- expect: target: SELECT string_agg(relname || ' ' || (relowner = 'e2e_other'::regrole), ', ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'mine'::regnamespace AND relkind IN ('r', 'S') => a true, b true, b_n_seq true
-- setup
DO $$ BEGIN CREATE ROLE e2e_plain; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE e2e_other; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA mine AUTHORIZATION e2e_plain;
GRANT ALL ON SCHEMA mine TO e2e_other;
SET ROLE e2e_plain;
CREATE TABLE mine.a (id int PRIMARY KEY, v text);
RESET ROLE;
-- target
DO $$ BEGIN CREATE ROLE e2e_other; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- load
INSERT INTO mine.a VALUES (1, 'x');
-- live
SET ROLE e2e_plain;
ALTER TABLE mine.a ADD w int DEFAULT 4;
INSERT INTO mine.a VALUES (2, 'y', 5);
CREATE TABLE mine.b AS SELECT g AS id, 'b' AS v FROM generate_series(1, 10) g;
ALTER TABLE mine.b ADD PRIMARY KEY (id);
RESET ROLE;
ALTER TABLE mine.b OWNER TO e2e_other;
UPDATE mine.b SET v = 'other' WHERE id = 3;
REASSIGN OWNED BY e2e_plain TO e2e_other;
SET ROLE e2e_other;
ALTER TABLE mine.a DROP v;
UPDATE mine.a SET w = 6 WHERE id = 1;
CREATE TABLE mine.c (id int PRIMARY KEY);
DROP TABLE mine.c;
RESET ROLE;
-- step
SET SESSION AUTHORIZATION e2e_other;
ALTER TABLE mine.b RENAME v TO vv;
ALTER TABLE mine.b ADD n serial;
INSERT INTO mine.b VALUES (11, 'last');
RESET SESSION AUTHORIZATION;
