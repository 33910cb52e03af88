-- behaviour: unchanged large values stay what they are while their column's storage and compression change, columns beside them come with and without defaults, are dropped and are renamed
-- needs: pg>=14; ddl-sync
-- tables: public.tc
-- setup
CREATE TABLE tc (id int PRIMARY KEY, n int, a text, b bytea, c jsonb);
ALTER TABLE tc ALTER a SET STORAGE EXTERNAL;
-- load
INSERT INTO tc SELECT g, 0, repeat(md5(g::text), 500), decode(repeat(md5(g::text), 300), 'hex'), jsonb_build_object('k', repeat(md5(g::text), 300)) FROM generate_series(1, 20) g;
-- live
UPDATE tc SET n = 1;
ALTER TABLE tc ALTER a SET STORAGE MAIN;
UPDATE tc SET n = 2 WHERE id <= 10;
ALTER TABLE tc ADD d text DEFAULT 'd', ADD e int;
UPDATE tc SET n = 3 WHERE id <= 8;
ALTER TABLE tc ALTER b SET COMPRESSION pglz, ALTER b SET STORAGE PLAIN;
UPDATE tc SET n = 4 WHERE id <= 6;
ALTER TABLE tc RENAME a TO z;
UPDATE tc SET n = 5 WHERE id <= 4;
BEGIN;
UPDATE tc SET n = 6, e = 1 WHERE id <= 3;
ALTER TABLE tc DROP c;
UPDATE tc SET n = 7 WHERE id <= 2;
ALTER TABLE tc ADD c jsonb DEFAULT '{"new": true}';
UPDATE tc SET n = 8 WHERE id = 1;
COMMIT;
-- step
UPDATE tc SET id = id + 100 WHERE id <= 5;
UPDATE tc SET z = z || '' WHERE id > 100;
ALTER TABLE tc ALTER z TYPE varchar;
UPDATE tc SET n = 9 WHERE id % 2 = 0;
