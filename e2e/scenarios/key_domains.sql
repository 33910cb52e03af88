-- behaviour: keys that are domains over citext, arrays, composites, ranges, numerics and bpchar compare as what is under them: loaded in several chunks, moved, deleted
-- needs: ext:citext
-- tables: public.kd_ci, public.kd_arr, public.kd_comp, public.kd_rng, public.kd_num, public.kd_bp
-- setup
CREATE EXTENSION citext;
CREATE TYPE kd_pair AS (a int, b text);
CREATE DOMAIN kd_citext AS citext CHECK (VALUE <> '');
CREATE DOMAIN kd_ints AS int[];
CREATE DOMAIN kd_ints2 AS kd_ints NOT NULL;
CREATE DOMAIN kd_pairs AS kd_pair;
CREATE DOMAIN kd_range AS int4range;
CREATE DOMAIN kd_amount AS numeric(12,2);
CREATE DOMAIN kd_code AS char(8);
CREATE TABLE kd_ci (k kd_citext PRIMARY KEY, v int, big text);
CREATE TABLE kd_arr (k kd_ints2 PRIMARY KEY, v int);
CREATE TABLE kd_comp (k kd_pairs PRIMARY KEY, v int);
CREATE TABLE kd_rng (k kd_range PRIMARY KEY, v int);
CREATE TABLE kd_num (k kd_amount PRIMARY KEY, v int);
CREATE TABLE kd_bp (k kd_code, n int, v int, PRIMARY KEY (k, n));
-- load
INSERT INTO kd_ci SELECT (CASE WHEN g % 2 = 0 THEN 'Key' ELSE 'kEY' END) || g, g, 'x' FROM generate_series(1, 25000) g;
INSERT INTO kd_arr SELECT ARRAY[g % 10, g], g FROM generate_series(1, 25000) g;
INSERT INTO kd_comp SELECT ROW(g, 'x' || g)::kd_pair, g FROM generate_series(1, 25000) g;
INSERT INTO kd_rng SELECT int4range(g, g + 2), g FROM generate_series(1, 25000) g;
INSERT INTO kd_num SELECT g / 100.0, g FROM generate_series(1, 25000) g;
INSERT INTO kd_bp SELECT 'c' || g % 100, g, g FROM generate_series(1, 25000) g;
-- during
UPDATE kd_ci SET k = upper(k::text) WHERE v % 50 = 0;
UPDATE kd_arr SET k = k || 1 WHERE v % 60 = 0;
DELETE FROM kd_comp WHERE v % 70 = 0;
-- live
UPDATE kd_ci SET k = lower(k::text), v = -v WHERE v % 100 = 1;
UPDATE kd_ci SET big = repeat(md5(k::text), 200) WHERE v % 1000 = 2; UPDATE kd_ci SET v = -1 WHERE v % 1000 = 2;
UPDATE kd_arr SET v = -v WHERE v % 100 = 1; UPDATE kd_arr SET k = ARRAY[v] WHERE v % 100 = 2; DELETE FROM kd_arr WHERE v % 100 = 3;
UPDATE kd_comp SET v = -v WHERE v % 100 = 1; UPDATE kd_comp SET k = ROW(-v, 'y')::kd_pair WHERE v % 100 = 2; DELETE FROM kd_comp WHERE v % 100 = 3;
UPDATE kd_rng SET v = -v WHERE v % 100 = 1; UPDATE kd_rng SET k = int4range(-v, v) WHERE v % 100 = 2; DELETE FROM kd_rng WHERE v % 100 = 3;
UPDATE kd_num SET v = -v WHERE v % 100 = 1; UPDATE kd_num SET k = -k WHERE v % 100 = 2; DELETE FROM kd_num WHERE v % 100 = 3;
UPDATE kd_bp SET v = -v WHERE v % 100 = 1; UPDATE kd_bp SET k = 'd ' WHERE v % 100 = 2; DELETE FROM kd_bp WHERE v % 100 = 3;
