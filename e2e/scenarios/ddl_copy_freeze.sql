-- behaviour: COPY FREEZE, TRUNCATE and rows in a table that the same transaction made; a table made, filled, renamed, altered and filled again in one transaction
-- needs: ddl-sync
-- tables: public.cf, public.cg, public.ck
-- setup
CREATE TABLE ck (id int PRIMARY KEY, v text);
-- load
INSERT INTO ck VALUES (1, 'x');
-- live
BEGIN;
CREATE TABLE cf (id int PRIMARY KEY, v text);
INSERT INTO cf SELECT g, 'gone' FROM generate_series(1, 10) g;
TRUNCATE cf;
INSERT INTO cf SELECT g, 'kept' FROM generate_series(1, 300) g;
ALTER TABLE cf ADD w int DEFAULT 7;
UPDATE cf SET w = id WHERE id % 2 = 0;
COMMIT;
BEGIN;
CREATE TABLE tmp_cg (a text, id int);
INSERT INTO tmp_cg SELECT 'r' || g, g FROM generate_series(1, 100) g;
ALTER TABLE tmp_cg RENAME TO cg;
ALTER TABLE cg ADD PRIMARY KEY (id);
UPDATE cg SET a = a || '!' WHERE id > 50;
ALTER TABLE cg ALTER a TYPE varchar(20);
INSERT INTO cg VALUES ('last', 101);
DELETE FROM ck;
TRUNCATE ck;
INSERT INTO ck SELECT id, a FROM cg WHERE id < 10;
COMMIT;
-- step
BEGIN;
TRUNCATE cf;
SAVEPOINT s;
INSERT INTO cf VALUES (1, 'no', 1);
ROLLBACK TO s;
INSERT INTO cf VALUES (2, 'yes', 2);
COMMIT;
INSERT INTO cg VALUES ('after', 102);
UPDATE cg SET id = 1000 WHERE id = 102;
