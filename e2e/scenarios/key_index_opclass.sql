-- behaviour: the identity's index compares by another operator class than the type's own: text_ops over citext tells cases apart, record_image_ops over a composite tells spellings apart
-- needs: ext:citext; ddl-sync
-- tables: public.ko_ci, public.ko_rec, public.ko_pat, public.ko_late
-- setup
CREATE EXTENSION citext;
CREATE TYPE ko_pair AS (n numeric, t text);
CREATE TABLE ko_ci (k citext NOT NULL, v int);
CREATE UNIQUE INDEX ON ko_ci (k text_ops);
CREATE TABLE ko_rec (k ko_pair NOT NULL, v int);
CREATE UNIQUE INDEX ON ko_rec (k record_image_ops);
CREATE TABLE ko_pat (k text NOT NULL, n numeric NOT NULL, v int);
CREATE UNIQUE INDEX ON ko_pat (k text_pattern_ops, n);
-- load
INSERT INTO ko_ci SELECT chr(c) || g, g FROM generate_series(1, 5000) g, (VALUES (65), (97)) x(c);
INSERT INTO ko_rec VALUES ((1.0, 'a'), 1), ((1.00, 'a'), 2), ((1.000, 'a'), 3), ((2, 'b'), 4);
INSERT INTO ko_pat SELECT 'k' || g, g, g FROM generate_series(1, 100) g;
-- live
UPDATE ko_ci SET v = -1 WHERE k::text = 'a5';
DELETE FROM ko_ci WHERE k::text = 'A6';
UPDATE ko_ci SET k = 'b7' WHERE k::text = 'A7';
UPDATE ko_rec SET v = 20 WHERE v = 2;
DELETE FROM ko_rec WHERE v = 1;
UPDATE ko_rec SET k = (1.0, 'a') WHERE v = 3;
UPDATE ko_pat SET n = n + 0.0, v = v + 1;
DELETE FROM ko_pat WHERE k = 'k50';
-- step
CREATE TABLE ko_late (k citext NOT NULL, v int);
CREATE UNIQUE INDEX ON ko_late (k text_ops);
INSERT INTO ko_late VALUES ('a', 1), ('A', 2), ('b', 3);
UPDATE ko_late SET v = -1 WHERE k::text = 'a';
DELETE FROM ko_late WHERE k::text = 'A';
