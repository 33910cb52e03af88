-- behaviour: defaults that would evaluate differently on the target (now, clock, random, uuid, sequence, current_user): the source's values must be copied, explicit NULL must stay NULL
-- needs: pg>=13
-- tables: public.vd
-- setup
CREATE SEQUENCE vd_seq;
CREATE TABLE vd (id int PRIMARY KEY, a timestamptz DEFAULT clock_timestamp(), b float8 DEFAULT random(), c uuid DEFAULT gen_random_uuid(), d bigint DEFAULT nextval('vd_seq'), e name DEFAULT current_user, f text DEFAULT 'lit', g int DEFAULT NULL);
-- load
INSERT INTO vd (id) SELECT g FROM generate_series(1, 10) g;
-- live
INSERT INTO vd (id) SELECT g FROM generate_series(11, 20) g;
INSERT INTO vd VALUES (21, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE vd SET a = DEFAULT, b = DEFAULT, f = DEFAULT WHERE id = 3;
