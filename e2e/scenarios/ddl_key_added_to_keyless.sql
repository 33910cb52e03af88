-- behaviour: tables without a key and with equal rows get a serial, identity, random or computed key in one command: each row has the source's number, in partitions and heirs too, and changes by it find their row
-- needs: ddl-sync
-- tables: public.ka, public.ka_p, ONLY public.ka_i, public.ka_h, public.ka_u
-- setup
CREATE TABLE ka (v text, big text);
CREATE TABLE ka_p (r int, v text) PARTITION BY LIST (r);
CREATE TABLE ka_p1 PARTITION OF ka_p FOR VALUES IN (1);
CREATE TABLE ka_p2 (v text, r int);
ALTER TABLE ka_p ATTACH PARTITION ka_p2 FOR VALUES IN (2);
CREATE TABLE ka_i (v text);
CREATE TABLE ka_h (w text) INHERITS (ka_i);
CREATE TABLE ka_u (v text);
-- load
INSERT INTO ka SELECT 'v' || g % 3, repeat(md5((g % 3)::text), 200) FROM generate_series(1, 30) g;
INSERT INTO ka_p SELECT 1 + g % 2, 'p' FROM generate_series(1, 30) g;
INSERT INTO ka_i SELECT 'i' || g % 4 FROM generate_series(1, 20) g;
INSERT INTO ka_h SELECT 'h' || g % 4, 'w' FROM generate_series(1, 20) g;
INSERT INTO ka_u SELECT 'u' FROM generate_series(1, 20);
-- live
DELETE FROM ka WHERE ctid IN (SELECT min(ctid) FROM ka GROUP BY v);
ALTER TABLE ka ADD COLUMN id serial PRIMARY KEY;
UPDATE ka SET v = 'n' || id WHERE id % 5 = 0;
UPDATE ka SET id = id + 1000 WHERE id < 4;
ALTER TABLE ka_p ADD id bigserial;
UPDATE ka_p SET v = 'p' || id WHERE id % 4 = 0;
ALTER TABLE ka_p ADD PRIMARY KEY (id, r);
UPDATE ka_p SET r = 3 - r WHERE id < 5;
-- step
BEGIN;
UPDATE ka_i SET v = 'x' WHERE ctid = '(0,1)';
ALTER TABLE ka_i ADD id serial;
ALTER TABLE ONLY ka_i ADD PRIMARY KEY (id);
UPDATE ka_i SET v = v || id WHERE id < 25;
COMMIT;
ALTER TABLE ka_u ADD k uuid DEFAULT gen_random_uuid() NOT NULL, ADD n int GENERATED ALWAYS AS IDENTITY (START -1 INCREMENT -3), ADD CONSTRAINT ka_key UNIQUE (k);
ALTER TABLE ka_u REPLICA IDENTITY USING INDEX ka_key;
UPDATE ka_u SET v = v || n WHERE n < -20;
DELETE FROM ka_u WHERE n > -9;
DELETE FROM ka WHERE id = 7;
