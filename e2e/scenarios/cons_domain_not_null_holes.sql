-- behaviour: NULL in a column of a NOT NULL domain, which an empty subquery, an outer join or a new attribute of a composite brings past the source's check
-- needs: ddl-sync
-- tables: public.dh, public.dc
-- setup
CREATE DOMAIN nn AS int NOT NULL;
CREATE DOMAIN nc AS int CHECK (VALUE IS NOT NULL);
CREATE TYPE co AS (a int);
CREATE TABLE dh (id int PRIMARY KEY, v nn, w nc, t text);
CREATE TABLE dc (id int PRIMARY KEY, c co);
-- load
INSERT INTO dh VALUES (1, 1, 1, 'x');
INSERT INTO dh SELECT 2, (SELECT v FROM dh WHERE false), (SELECT w FROM dh WHERE false), 'hole';
INSERT INTO dc VALUES (1, ROW(1));
-- live
INSERT INTO dh SELECT 3, (SELECT v FROM dh WHERE false), 5, 'hole';
INSERT INTO dh SELECT 4, d.v, d.w, 'joined' FROM (VALUES (99)) x(i) LEFT JOIN dh d ON d.id = x.i;
UPDATE dh SET t = 'touched';
UPDATE dc SET c.a = 2;
