-- behaviour: functions of generated columns, checks, indexes and domains name other functions, types and tables without their schema, as their users' search_path has it; the tables are empty at first, or made while the job runs
-- needs: pg>=12; ddl-sync
-- tables: app.na, app.nb, app.nc, app.nd
-- setup
CREATE SCHEMA app;
SET search_path = app;
CREATE TYPE feel AS ENUM ('lo', 'hi');
CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3';
CREATE FUNCTION outer_f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_f($1) + 1; END';
CREATE FUNCTION sql_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT inner_f($1) + 1';
CREATE FUNCTION as_feel(int) RETURNS feel LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN $1 > 5 THEN 'hi'::feel ELSE 'lo'::feel END $$;
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE m feel := 'lo'; BEGIN RETURN inner_f($1) < 10000; END $$;
CREATE DOMAIN d AS int CHECK (fine(VALUE));
CREATE TABLE na (id int PRIMARY KEY, a int CHECK (fine(a)));
CREATE INDEX na_i ON na (outer_f(a));
CREATE TABLE nb (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (sql_f(a)) STORED, m feel GENERATED ALWAYS AS (as_feel(a)) STORED, h int GENERATED ALWAYS AS (outer_f(a)) STORED);
CREATE TABLE nd (id int PRIMARY KEY, v d);
RESET search_path;
-- load
SET search_path = app;
INSERT INTO nb (id, a) SELECT g, g FROM generate_series(1, 10) g;
RESET search_path;
-- live
SET search_path = app;
INSERT INTO na VALUES (1, 1), (2, 2);
INSERT INTO nb (id, a) VALUES (11, 11);
UPDATE na SET a = 7 WHERE id = 1;
UPDATE nb SET a = 7 WHERE id = 1;
INSERT INTO nd VALUES (1, 1);
BEGIN;
CREATE TABLE nc (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (outer_f(a)) STORED);
CREATE INDEX nc_i ON nc (outer_f(a));
INSERT INTO nc (id, a) VALUES (1, 1);
INSERT INTO nc (id, a) VALUES (2, 2);
COMMIT;
UPDATE nc SET a = 5 WHERE id = 1;
RESET search_path;
-- step
SET search_path = app;
ALTER TABLE nd ADD g int GENERATED ALWAYS AS (outer_f(id)) STORED;
INSERT INTO nd (id, v) VALUES (3, 3);
RESET search_path;
