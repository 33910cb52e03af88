-- behaviour: a transaction far above what is sent at once changes structure between its rows: columns, a rewrite, a table made from another, a truncated one, a rename, and savepoints that take parts of it back
-- needs: ddl-sync
-- tables: public.lw, public.lw_copy, public.lw_end
-- setup
CREATE TABLE lw (id int PRIMARY KEY, v text, n int);
CREATE TABLE lw_ren (id int PRIMARY KEY, v text);
-- load
INSERT INTO lw SELECT g, 'v' || g, g FROM generate_series(1, 5000) g;
-- live
BEGIN;
INSERT INTO lw SELECT g, 'new ' || g, g FROM generate_series(5001, 20000) g;
ALTER TABLE lw ADD c text DEFAULT 'c';
UPDATE lw SET c = 'c' || id WHERE id % 2 = 0;
SAVEPOINT a;
DELETE FROM lw WHERE id % 5 = 0;
ALTER TABLE lw DROP v;
INSERT INTO lw SELECT g, g, 'gone' FROM generate_series(30001, 35000) g;
ROLLBACK TO SAVEPOINT a;
ALTER TABLE lw ALTER n TYPE text USING 'n' || n;
UPDATE lw SET n = n || '!' WHERE id % 3 = 0;
CREATE TABLE lw_copy AS SELECT * FROM lw WHERE id < 8000;
DELETE FROM lw_copy WHERE id % 7 = 0;
INSERT INTO lw_ren SELECT g, 'r' FROM generate_series(1, 8000) g;
TRUNCATE lw_ren;
INSERT INTO lw_ren SELECT g, 'again' FROM generate_series(1, 8000) g;
ALTER TABLE lw_ren RENAME TO lw_end;
UPDATE lw_end SET v = 'end' WHERE id % 2 = 1;
ALTER TABLE lw DROP CONSTRAINT lw_pkey;
DELETE FROM lw WHERE id BETWEEN 10001 AND 12000;
ALTER TABLE lw ADD PRIMARY KEY (id);
UPDATE lw SET id = -id WHERE id % 11 = 0;
COMMIT;
UPDATE lw SET c = 'behind' WHERE id < 0;
DELETE FROM lw_copy WHERE id < 100;
