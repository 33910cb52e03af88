-- behaviour: a child of two parents with a shared column: parents come and go (INHERIT, NO INHERIT), get and lose columns that the child had or keeps, types and defaults change above; rows stay where they are
-- needs: ddl-sync
-- tables: ONLY public.ma, ONLY public.mb, ONLY public.mc, public.md
-- setup
CREATE TABLE ma (id int PRIMARY KEY, shared text, a int);
CREATE TABLE mb (id int PRIMARY KEY, shared text, b int);
CREATE TABLE mc (own int, PRIMARY KEY (id)) INHERITS (ma, mb);
CREATE TABLE md (LIKE mc INCLUDING ALL);
-- load
INSERT INTO ma SELECT g, 'a', g FROM generate_series(1, 5) g;
INSERT INTO mb SELECT g, 'b', g FROM generate_series(1, 5) g;
INSERT INTO mc (id, shared, a, b, own) SELECT g, 'c', g, g, g FROM generate_series(1, 5) g;
INSERT INTO md (id, shared, a, b, own) SELECT g, 'd', g, g, g FROM generate_series(1, 5) g;
-- live
UPDATE ma SET shared = 'by a' WHERE id = 1;
UPDATE mb SET shared = 'by b' WHERE id = 2;
ALTER TABLE ma ADD extra int DEFAULT 7;
INSERT INTO mc (id, extra) VALUES (6, 8);
ALTER TABLE mb ADD extra int DEFAULT 9;
INSERT INTO mc (id) VALUES (7);
ALTER TABLE ma DROP extra;
UPDATE mc SET extra = 70 WHERE id = 6;
UPDATE ma SET a = a + 1;
-- step
BEGIN;
ALTER TABLE md ADD extra int;
ALTER TABLE md INHERIT mb;
UPDATE mb SET b = b * 10;
ALTER TABLE mc NO INHERIT ma;
ALTER TABLE ma RENAME a TO aa;
UPDATE mc SET a = 0 WHERE id = 3;
UPDATE ma SET aa = -1 WHERE id = 3;
COMMIT;
ALTER TABLE mb ALTER b TYPE numeric;
UPDATE mb SET b = b + 0.5;
ALTER TABLE mb ALTER shared SET DEFAULT 'by default';
INSERT INTO mc (id) VALUES (8);
INSERT INTO md (id) VALUES (8);
-- step
ALTER TABLE mb DROP b;
INSERT INTO md (id, shared) VALUES (9, 'x');
ALTER TABLE md NO INHERIT mb;
ALTER TABLE md DROP shared;
DELETE FROM mb WHERE id = 4;
DELETE FROM md WHERE id = 5;
TRUNCATE ONLY mb;
INSERT INTO mb (id) VALUES (1);
ALTER TABLE mb ADD kept text DEFAULT 'k';
ALTER TABLE ONLY mb DROP kept;
UPDATE mc SET kept = 'own by now' WHERE id = 1;
INSERT INTO mc (id, kept) VALUES (9, 'own');
