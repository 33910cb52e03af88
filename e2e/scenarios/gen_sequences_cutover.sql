-- behaviour: sequences are not decoded; at cutover every target sequence must be at or beyond the source's position so that new inserts on the target do not collide
-- tables: public.sq
-- expect: equal
-- expect: target: SELECT last_value >= 668 FROM public.standalone_seq => t
-- expect: target: SELECT nextval('public.sq_id_seq') > (SELECT max(id) FROM public.sq) => t
-- setup
CREATE SEQUENCE standalone_seq AS int START 5 INCREMENT 3 MINVALUE 2 MAXVALUE 100000 CYCLE;
CREATE TABLE sq (id serial PRIMARY KEY, v text);
CREATE SEQUENCE desc_seq INCREMENT -1 START -1;
-- load
SELECT setval('standalone_seq', 500);
INSERT INTO sq (v) SELECT 'l' FROM generate_series(1, 10);
-- live
INSERT INTO sq (v) SELECT 'live' FROM generate_series(1, 10);
SELECT setval('standalone_seq', 668), nextval('desc_seq'), nextval('desc_seq');
DELETE FROM sq WHERE id > 15;
