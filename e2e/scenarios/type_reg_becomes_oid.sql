-- behaviour: columns that show names of objects become oids and oids names, alone, in arrays and domains, with rows before, between and behind
-- needs: ddl-sync
-- tables: public.ro, public.rk
-- setup
CREATE TABLE other1 (id int PRIMARY KEY);
CREATE DOMAIN rd AS regclass;
CREATE TABLE ro (id int PRIMARY KEY, a regclass, b oid, c regtype[], d rd);
CREATE TABLE rk (k regclass PRIMARY KEY, v text);
-- load
INSERT INTO ro SELECT g, 'other1', 'other1'::regclass, '{int4,public.rd}', 'ro' FROM generate_series(1, 10) g;
INSERT INTO rk VALUES ('other1', 'x'), ('ro', 'y');
-- live
UPDATE ro SET a = 'ro' WHERE id = 2;
ALTER TABLE ro ALTER a TYPE oid, ALTER b TYPE regclass, ALTER c TYPE oid[], ALTER d TYPE oid;
UPDATE ro SET id = id + 100 WHERE id = 3;
ALTER TABLE rk ALTER k TYPE oid;
UPDATE rk SET v = v || '!' ;
-- step
BEGIN; INSERT INTO ro VALUES (50, 1, 'ro', '{2}', 3); ALTER TABLE ro ALTER a TYPE regclass, ALTER b TYPE oid; UPDATE ro SET a = 'other1' WHERE id = 5; COMMIT;
DELETE FROM rk WHERE v = 'x!'; ALTER TABLE rk ALTER k TYPE regclass;
