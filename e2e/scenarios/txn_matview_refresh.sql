-- behaviour: materialized views are decoded by the server but are not tables to replicate; plain and concurrent refresh must be ignored by the data path
-- tables: public.mvsrc
-- setup
CREATE TABLE mvsrc (id int PRIMARY KEY, v text);
INSERT INTO mvsrc VALUES (1, 'a');
CREATE MATERIALIZED VIEW mv AS SELECT id, v FROM mvsrc;
CREATE UNIQUE INDEX mv_i ON mv (id);
-- load
INSERT INTO mvsrc VALUES (2, 'b');
-- live
INSERT INTO mvsrc VALUES (3, 'c');
REFRESH MATERIALIZED VIEW mv;
DELETE FROM mvsrc WHERE id = 1;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;
INSERT INTO mvsrc VALUES (4, 'd');
