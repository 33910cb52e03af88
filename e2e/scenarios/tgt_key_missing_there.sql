-- behaviour: target tables without any index over the source's key take every kind of change, each to one row
-- needs: ext:citext
-- mode: ignore-existing
-- tables: public.km, public.km_ci
-- setup
CREATE EXTENSION citext;
CREATE TABLE km (id int PRIMARY KEY, u int UNIQUE, big text);
CREATE TABLE km_ci (k citext PRIMARY KEY, v int, big text);
-- target
CREATE EXTENSION citext;
CREATE TABLE km (id int, u int, big text);
CREATE TABLE km_ci (k citext, v int, big text);
-- load
INSERT INTO km SELECT g, g, repeat(md5(g::text), 200) FROM generate_series(1, 30) g;
INSERT INTO km_ci SELECT 'Key' || g, g, repeat(md5(g::text), 200) FROM generate_series(1, 30) g;
-- during
UPDATE km SET id = -id WHERE id % 6 = 0;
UPDATE km_ci SET k = upper(k::text)::citext WHERE v % 6 = 0;
-- live
UPDATE km SET u = u + 100 WHERE id < 10; UPDATE km SET id = id + 1000 WHERE id > 20; DELETE FROM km WHERE id = 11;
BEGIN; UPDATE km SET id = 5000 WHERE id = 1; UPDATE km SET id = 1 WHERE id = 2; UPDATE km SET id = 2 WHERE id = 5000; INSERT INTO km VALUES (3, 0, 'x') ON CONFLICT (id) DO UPDATE SET big = 'conflict'; COMMIT;
UPDATE km_ci SET v = v + 100; UPDATE km_ci SET k = lower(k::text)::citext WHERE v > 115; DELETE FROM km_ci WHERE k = 'KEY3'::citext;
BEGIN; DELETE FROM km_ci WHERE k = 'key4'::citext; INSERT INTO km_ci VALUES ('KEY4', 4, NULL); UPDATE km_ci SET v = 44 WHERE k = 'Key4'::citext; COMMIT;
