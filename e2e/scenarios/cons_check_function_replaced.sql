-- behaviour: the functions of checks are replaced by stricter ones: rows that were accepted before stay, are loaded again, and domain values are written again with their rows
-- needs: ddl-sync
-- tables: public.fr, public.fd
-- setup
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 100';
CREATE FUNCTION fine_d(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 < 100; END';
CREATE DOMAIN fd_t AS int CONSTRAINT fd_ck CHECK (fine_d(VALUE));
CREATE TABLE fr (id int PRIMARY KEY, q int CONSTRAINT fr_ck CHECK (fine(q)));
CREATE TABLE fd (id int PRIMARY KEY, v fd_t, t text);
-- load
INSERT INTO fr VALUES (1, 1), (2, 50);
INSERT INTO fd VALUES (1, 1, 'a'), (2, 50, 'b');
-- live
CREATE OR REPLACE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 10';
CREATE OR REPLACE FUNCTION fine_d(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 < 10; END';
UPDATE fd SET t = 'touched';
INSERT INTO fr VALUES (3, 3);
-- step
ALTER TABLE fr ADD r float8 DEFAULT random();
ALTER TABLE fd ADD r float8 DEFAULT random();
UPDATE fd SET id = id + 10;
DELETE FROM fr WHERE id = 1;
