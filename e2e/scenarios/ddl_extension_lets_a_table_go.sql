-- behaviour: a table becomes a member of an extension, so that it leaves the job of a whole database, changes meanwhile, and is let go again: it comes back with its rows, also within one transaction
-- needs: ddl-sync; ext:pg_trgm; superuser
-- tables: public.em, public.stay
-- setup
CREATE EXTENSION pg_trgm;
CREATE TABLE em (id int PRIMARY KEY, v text);
CREATE TABLE stay (id int PRIMARY KEY);
-- load
INSERT INTO em SELECT g, 'v' FROM generate_series(1, 20) g; INSERT INTO stay VALUES (1);
-- live
INSERT INTO stay VALUES (2);
ALTER EXTENSION pg_trgm ADD TABLE em;
INSERT INTO em VALUES (100, 'while away'); DELETE FROM em WHERE id < 5;
ALTER EXTENSION pg_trgm DROP TABLE em;
UPDATE em SET v = 'back' WHERE id > 10; INSERT INTO em VALUES (7000, 'n');
-- step
BEGIN; ALTER EXTENSION pg_trgm ADD TABLE em; DELETE FROM em WHERE id = 10; UPDATE em SET v = 'x' WHERE id = 11; ALTER EXTENSION pg_trgm DROP TABLE em; INSERT INTO em VALUES (8000, 'm'); COMMIT;
INSERT INTO stay VALUES (3);
