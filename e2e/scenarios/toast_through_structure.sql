-- behaviour: large values stay with their rows when updates leave them alone around changes of structure: columns before them come and go, they are renamed, stored and compressed otherwise, retyped with and without a rewrite, dropped
-- needs: ddl-sync; pg>=14
-- tables: public.ty, public.ty_bag
-- setup
CREATE TABLE ty (junk int, id int PRIMARY KEY, big text, b2 text, j jsonb, n int);
ALTER TABLE ty ALTER big SET STORAGE EXTERNAL, ALTER b2 SET STORAGE EXTERNAL;
CREATE TABLE ty_bag (big text, n int);
ALTER TABLE ty_bag ALTER big SET STORAGE EXTERNAL;
-- load
INSERT INTO ty SELECT g, g, repeat(md5(g::text), 120), repeat(md5((-g)::text), 120), jsonb_build_object('k', repeat(md5(g::text), 300)), g FROM generate_series(1, 12) g;
INSERT INTO ty_bag SELECT repeat(md5((g % 3)::text), 120), g % 2 FROM generate_series(1, 12) g;
-- live
BEGIN;
UPDATE ty SET n = -1 WHERE id = 1;
ALTER TABLE ty DROP junk, ADD first text DEFAULT repeat('d', 3000);
UPDATE ty SET n = -2 WHERE id IN (1, 2);
ALTER TABLE ty RENAME big TO large;
ALTER TABLE ty RENAME b2 TO big;
UPDATE ty SET n = -3, id = id + 100 WHERE id IN (1, 3);
ALTER TABLE ty RENAME large TO b2;
UPDATE ty SET big = 'small' WHERE id = 4;
UPDATE ty SET n = -4 WHERE id IN (4, 5);
COMMIT;
UPDATE ty_bag SET n = 5 WHERE ctid = '(0,1)';
ALTER TABLE ty_bag ADD k int DEFAULT 1;
UPDATE ty_bag SET n = 6 WHERE ctid = '(0,2)';
DELETE FROM ty_bag WHERE ctid = '(0,3)';
-- step
BEGIN;
ALTER TABLE ty ALTER big TYPE varchar(8000), ALTER b2 SET STORAGE EXTENDED, ALTER j SET COMPRESSION pglz;
UPDATE ty SET n = -5 WHERE id IN (5, 6);
ALTER TABLE ty ALTER b2 TYPE bytea USING convert_to(b2, 'UTF8');
UPDATE ty SET n = -6 WHERE id IN (6, 7);
ALTER TABLE ty ALTER j TYPE json, ADD g text GENERATED ALWAYS AS (md5(big)) STORED;
UPDATE ty SET id = id + 200, n = -7 WHERE id IN (7, 8);
UPDATE ty SET big = big || 'x' WHERE id = 9;
SAVEPOINT s;
ALTER TABLE ty DROP b2;
UPDATE ty SET n = 0;
ROLLBACK TO SAVEPOINT s;
UPDATE ty SET n = -8 WHERE id IN (9, 10);
COMMIT;
ALTER TABLE ty_bag ALTER big TYPE bytea USING convert_to(big, 'UTF8');
UPDATE ty_bag SET n = 7 WHERE n = 6;
-- step
ALTER TABLE ty REPLICA IDENTITY FULL;
UPDATE ty SET n = -9 WHERE id IN (10, 11);
ALTER TABLE ty DROP b2;
UPDATE ty SET n = -10 WHERE id IN (11, 12);
ALTER TABLE ty REPLICA IDENTITY DEFAULT;
UPDATE ty SET first = NULL WHERE id < 50;
UPDATE ty SET n = -11 WHERE id < 50;
