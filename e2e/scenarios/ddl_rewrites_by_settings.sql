-- behaviour: values that a command computes by the settings of its session (time zone, date style, user, sequence, chance) are the source's everywhere: in heirs, in partitions of partitions, in tables without a key, through domains
-- needs: ddl-sync
-- tables: public.w1, public.w2, public.w3, public.w4
-- setup
CREATE TABLE w1 (id int PRIMARY KEY, t timestamptz, x text);
CREATE TABLE w1c (extra text) INHERITS (w1);
CREATE TABLE w2 (id int, p int, t timestamptz, PRIMARY KEY (id, p)) PARTITION BY LIST (p);
CREATE TABLE w2a PARTITION OF w2 FOR VALUES IN (1) PARTITION BY RANGE (id);
CREATE TABLE w2a1 PARTITION OF w2a FOR VALUES FROM (0) TO (100);
CREATE TABLE w2b PARTITION OF w2 DEFAULT;
CREATE TABLE w3 (id int, t timestamp);
CREATE SEQUENCE sq;
CREATE TABLE w4 (id int PRIMARY KEY, v text);
-- load
INSERT INTO w1 SELECT g, '2024-07-01 00:00+00'::timestamptz + g * '1 h'::interval, 'x' FROM generate_series(1, 5) g;
INSERT INTO w1c SELECT g + 10, '2024-01-01 00:00+00', 'c' FROM generate_series(1, 5) g;
INSERT INTO w2 SELECT g, g % 3, '2024-07-01 00:00+00' FROM generate_series(1, 9) g;
INSERT INTO w3 SELECT g % 2, '2024-07-01 00:00' FROM generate_series(1, 9) g;
INSERT INTO w4 SELECT g, 'v' FROM generate_series(1, 9) g;
-- live
SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY';
ALTER TABLE w1 ALTER t TYPE text; ALTER TABLE w2 ALTER t TYPE timestamp; ALTER TABLE w3 ALTER t TYPE timestamptz; ALTER TABLE w4 ADD COLUMN n int DEFAULT nextval('sq'), ADD COLUMN r float8 DEFAULT random(), ADD COLUMN u text DEFAULT current_user || current_setting('timezone'), ADD COLUMN ts timestamptz DEFAULT now();
UPDATE w1 SET x = t; UPDATE w2 SET p = 7 WHERE id < 4; DELETE FROM w3 WHERE ctid = '(0,2)'; UPDATE w4 SET v = u WHERE id < 3;
-- step
SET timezone = 'Asia/Kathmandu';
BEGIN; ALTER TABLE w2 ALTER t TYPE timestamptz USING t; UPDATE w2 SET t = t + '1 h' WHERE id = 5; ALTER TABLE w2 ALTER t TYPE date; COMMIT;
ALTER TABLE w1 ALTER t TYPE timestamptz USING t::timestamptz; ALTER TABLE ONLY w1c ALTER extra TYPE timestamptz USING now();
CREATE DOMAIN dts AS timestamptz; ALTER TABLE w3 ALTER t TYPE dts; ALTER TABLE w3 ALTER t TYPE text USING to_char(t, 'TZ HH24');
RESET timezone;
