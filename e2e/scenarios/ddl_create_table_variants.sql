-- behaviour: tables created while streaming: with rows in the same transaction, CREATE TABLE AS, SELECT INTO, LIKE INCLUDING ALL, INHERITS, IF NOT EXISTS on an existing one, with identity, in a new schema
-- needs: ddl-sync
-- tables: public.c1, public.c2, public.c3, public.c4, ONLY public.c5, app2.c6
-- setup
CREATE TABLE c0 (id int PRIMARY KEY, v text DEFAULT 'd', CHECK (id > 0));
-- load
INSERT INTO c0 VALUES (1, 'x');
-- live
BEGIN;
CREATE TABLE c1 (id int PRIMARY KEY, v text);
INSERT INTO c1 VALUES (1, 'same txn');
COMMIT;
CREATE TABLE c2 AS SELECT g AS id, 'ctas ' || g AS v FROM generate_series(1, 50) g;
ALTER TABLE c2 ADD PRIMARY KEY (id);
UPDATE c2 SET v = 'u' WHERE id = 1;
SELECT g AS id INTO c3 FROM generate_series(1, 5) g;
CREATE TABLE c4 (LIKE c0 INCLUDING ALL);
INSERT INTO c4 VALUES (5);
CREATE TABLE c5 (extra int, PRIMARY KEY (id)) INHERITS (c0);
INSERT INTO c5 VALUES (7, 'child', 1);
CREATE TABLE IF NOT EXISTS c1 (other int);
CREATE SCHEMA app2;
CREATE TABLE app2.c6 (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, r int REFERENCES c0);
INSERT INTO app2.c6 (r) VALUES (1);
