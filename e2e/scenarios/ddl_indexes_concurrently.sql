-- behaviour: indexes are built, rebuilt and dropped CONCURRENTLY, a failed build stays invalid, a concurrent unique index becomes the key and is the identity meanwhile; rows of a keyless table are told apart all along
-- needs: ddl-sync; pg>=12
-- tables: public.ic, public.ik
-- setup
CREATE TABLE ic (id int, v text, n int);
CREATE TABLE ik (id int PRIMARY KEY, u int NOT NULL, v text);
-- load
INSERT INTO ic SELECT g, 'x', g % 5 FROM generate_series(1, 100) g;
INSERT INTO ic VALUES (1, 'x', 1);
INSERT INTO ik SELECT g, g, 'x' FROM generate_series(1, 100) g;
-- live
-- error: 23505
CREATE UNIQUE INDEX CONCURRENTLY ic_u ON ic (id);
UPDATE ic SET v = 'with an invalid index' WHERE id < 5;
DROP INDEX CONCURRENTLY ic_u;
DELETE FROM ic WHERE ctid = '(0,101)' OR ctid = (SELECT max(ctid) FROM ic WHERE id = 1);
ALTER TABLE ic ALTER id SET NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY ic_u ON ic (id) INCLUDE (n);
UPDATE ic SET v = 'unique' WHERE id BETWEEN 5 AND 9;
UPDATE ic SET id = id + 1000 WHERE id = 10;
-- step
ALTER TABLE ic ADD CONSTRAINT ic_pk PRIMARY KEY USING INDEX ic_u;
UPDATE ic SET v = 'keyed', id = -id WHERE id BETWEEN 11 AND 14;
REINDEX INDEX CONCURRENTLY ic_pk;
DELETE FROM ic WHERE id = 20;
REINDEX TABLE CONCURRENTLY ic;
UPDATE ic SET id = id + 2000 WHERE id = 21;
-- step
CREATE UNIQUE INDEX CONCURRENTLY ik_u ON ik (u);
ALTER TABLE ik REPLICA IDENTITY USING INDEX ik_u;
UPDATE ik SET u = -u WHERE id < 4;
UPDATE ik SET id = id + 500 WHERE u = 5;
REINDEX INDEX CONCURRENTLY ik_u;
UPDATE ik SET v = 'rebuilt', u = u + 1000 WHERE id = 6;
DELETE FROM ik WHERE id = 7;
BEGIN;
ALTER TABLE ik DROP CONSTRAINT ik_pkey;
UPDATE ik SET id = 1 WHERE u < 20;
ALTER TABLE ik ADD PRIMARY KEY USING INDEX ik_u;
DELETE FROM ik WHERE u = 12;
COMMIT;
