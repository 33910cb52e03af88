-- behaviour: keys whose equal values have several spellings (intervals, ranges and arrays of numerics, composites, jsonb) are one row, however they are spelled
-- tables: public.kq_i, public.kq_r, public.kq_a, public.kq_c, public.kq_j, public.kq_d
-- setup
CREATE TYPE kq_t AS (n numeric, i interval);
CREATE DOMAIN kq_num AS numeric CHECK (VALUE > -100);
CREATE TABLE kq_i (k interval PRIMARY KEY, v int);
CREATE TABLE kq_r (k numrange PRIMARY KEY, v int);
CREATE TABLE kq_a (k numeric[] PRIMARY KEY, v int, big text);
CREATE TABLE kq_c (k kq_t PRIMARY KEY, v int);
CREATE TABLE kq_j (k jsonb PRIMARY KEY, v int);
CREATE TABLE kq_d (k kq_num PRIMARY KEY, v int, big text);
-- load
INSERT INTO kq_i SELECT g * interval '1 hour', g FROM generate_series(1, 100) g;
INSERT INTO kq_r SELECT numrange(g, g + 1.0), g FROM generate_series(1, 100) g;
INSERT INTO kq_a SELECT ARRAY[g, g + 0.0], g, repeat(md5(g::text), 200) FROM generate_series(1, 100) g;
INSERT INTO kq_c SELECT ROW(g, g * interval '1 day')::kq_t, g FROM generate_series(1, 100) g;
INSERT INTO kq_j SELECT jsonb_build_object('n', g::numeric), g FROM generate_series(1, 100) g;
INSERT INTO kq_d SELECT g, g, repeat(md5(g::text), 200) FROM generate_series(1, 50) g;
-- live
UPDATE kq_i SET k = justify_interval(k), v = v + 1;
UPDATE kq_r SET k = numrange(lower(k) + 0.00, upper(k) + 0.000);
UPDATE kq_a SET k = ARRAY[k[1] + 0.00, k[2] + 0.0000] WHERE v < 50;
UPDATE kq_c SET k = ROW((k).n + 0.0, (k).i - interval '1 day' + interval '24 hours')::kq_t WHERE v % 2 = 0;
UPDATE kq_j SET k = jsonb_build_object('n', (k->>'n')::numeric + 0.0);
UPDATE kq_d SET k = k + 0.0 WHERE v < 20;
-- step
BEGIN;
DELETE FROM kq_i WHERE k = '24:00:00'; INSERT INTO kq_i VALUES ('1 day', 0); UPDATE kq_i SET k = '24:00:00', v = 1 WHERE k = '1 day';
DELETE FROM kq_r WHERE k = '[5,6)'; INSERT INTO kq_r VALUES ('[5.00,6.000)', 55);
UPDATE kq_a SET k = '{7}' WHERE k = '{7,7}'; UPDATE kq_a SET k = '{7.0,7.00}' WHERE k = '{7}';
DELETE FROM kq_c WHERE v < 10;
DELETE FROM kq_j WHERE v = 3; INSERT INTO kq_j VALUES ('{"n": 3}', 33);
DELETE FROM kq_d WHERE k = 5; INSERT INTO kq_d VALUES (5.000, 55, 'x'); UPDATE kq_d SET v = 56 WHERE k = 5.0; UPDATE kq_d SET k = 5000 WHERE k = 6;
COMMIT;
