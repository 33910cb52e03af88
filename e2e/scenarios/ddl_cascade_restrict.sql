-- behaviour: DROP/TRUNCATE/ALTER with CASCADE or RESTRICT: dependants vanish on the target exactly as on the source
-- needs: ddl-sync
-- tables: public.dc_child, public.dc_plain
-- setup
CREATE TABLE dc_parent (id int PRIMARY KEY, v int);
CREATE TABLE dc_child (id int PRIMARY KEY, p int REFERENCES dc_parent);
CREATE VIEW dc_view AS SELECT id, v FROM dc_parent;
CREATE TYPE dc_t AS ENUM ('x');
CREATE TABLE dc_plain (id int PRIMARY KEY, t dc_t);
-- load
INSERT INTO dc_parent VALUES (1, 1);
INSERT INTO dc_child VALUES (1, 1);
INSERT INTO dc_plain VALUES (1, 'x');
-- live
ALTER TABLE dc_parent DROP COLUMN v CASCADE;
DROP TABLE dc_parent CASCADE;
INSERT INTO dc_child VALUES (2, 999);
DROP TYPE dc_t CASCADE;
INSERT INTO dc_plain VALUES (2);
CREATE TABLE dc_tmp (id int);
DROP TABLE dc_tmp RESTRICT;
