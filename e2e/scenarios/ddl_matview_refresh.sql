-- behaviour: a REFRESH of a materialized view is one on the target, at its place between the rows; one WITH NO DATA empties it there too
-- needs: ddl-sync
-- tables: public.mvsrc
-- expect: target: SELECT string_agg(id::text, ' ' ORDER BY id) FROM public.mv => 2 3
-- expect: target: SELECT string_agg(n::text, ' ') FROM public.mv_on => 2
-- expect: target: SELECT relispopulated FROM pg_class WHERE relname = 'mv_off' => f
-- setup
CREATE TABLE mvsrc (id int PRIMARY KEY, v text);
INSERT INTO mvsrc VALUES (1, 'a');
CREATE MATERIALIZED VIEW mv AS SELECT id, v FROM mvsrc;
CREATE UNIQUE INDEX mv_i ON mv (id);
CREATE MATERIALIZED VIEW mv_on AS SELECT count(*) AS n FROM mv;
CREATE MATERIALIZED VIEW mv_off AS SELECT id FROM mvsrc;
-- load
INSERT INTO mvsrc VALUES (2, 'b');
-- live
INSERT INTO mvsrc VALUES (3, 'c');
REFRESH MATERIALIZED VIEW mv;
DELETE FROM mvsrc WHERE id = 1;
BEGIN;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;
INSERT INTO mvsrc VALUES (4, 'd');
REFRESH MATERIALIZED VIEW mv_on;
COMMIT;
REFRESH MATERIALIZED VIEW mv_off WITH NO DATA;
BEGIN;
INSERT INTO mvsrc VALUES (5, 'e');
REFRESH MATERIALIZED VIEW mv;
ROLLBACK;
