-- behaviour: partitioned by expressions, by several columns with MINVALUE and MAXVALUE, by lists of char(n) with NULL, by numeric with NaN, by interval and bool: rows move between all of them, keyed and keyless
-- needs: pg>=12
-- tables: public.pe, public.pn, public.pl, public.pi, public.pb
-- setup
CREATE TABLE pe (a text, b text, v text) PARTITION BY RANGE (lower(a), (length(b)));
CREATE TABLE pe1 PARTITION OF pe FOR VALUES FROM (MINVALUE, MINVALUE) TO ('m', 3);
CREATE TABLE pe2 PARTITION OF pe FOR VALUES FROM ('m', 3) TO ('m', MAXVALUE);
CREATE TABLE pe3 PARTITION OF pe DEFAULT;
CREATE TABLE pn (k numeric, d date, v text, PRIMARY KEY (k, d)) PARTITION BY RANGE (k, d);
CREATE TABLE pn1 PARTITION OF pn FOR VALUES FROM (MINVALUE, MINVALUE) TO (0, 'infinity');
CREATE TABLE pn2 PARTITION OF pn FOR VALUES FROM (0, 'infinity') TO ('NaN', '-infinity');
CREATE TABLE pn3 PARTITION OF pn FOR VALUES FROM ('NaN', '-infinity') TO (MAXVALUE, MAXVALUE) PARTITION BY LIST (d);
CREATE TABLE pn3a PARTITION OF pn3 FOR VALUES IN ('infinity', '-infinity');
CREATE TABLE pn3b PARTITION OF pn3 DEFAULT;
CREATE TABLE pl (id int, c char(4), v text, big text) PARTITION BY LIST (c);
CREATE TABLE pl_n PARTITION OF pl FOR VALUES IN (NULL, 'x');
CREATE TABLE pl_a PARTITION OF pl FOR VALUES IN ('a', 'b  ', '');
CREATE TABLE pl_d PARTITION OF pl DEFAULT;
CREATE TABLE pi (i interval, v int, PRIMARY KEY (i)) PARTITION BY RANGE (i);
CREATE TABLE pi1 PARTITION OF pi FOR VALUES FROM (MINVALUE) TO ('1 day');
CREATE TABLE pi2 PARTITION OF pi FOR VALUES FROM ('1 day') TO (MAXVALUE);
CREATE TABLE pb (b bool, u uuid, v int, PRIMARY KEY (b, u)) PARTITION BY LIST (b);
CREATE TABLE pbt PARTITION OF pb FOR VALUES IN (true) PARTITION BY HASH (u);
CREATE TABLE pbt0 PARTITION OF pbt FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pbt1 PARTITION OF pbt FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE pbf PARTITION OF pb FOR VALUES IN (false);
-- load
INSERT INTO pe VALUES ('A', 'b', '1'), ('M', 'abc', '2'), ('m', 'ab', '3'), ('z', '', '4'), (NULL, NULL, '5'), ('M', 'abc', '2');
INSERT INTO pn VALUES (-5, '2020-01-01', 'a'), (0, '2020-01-01', 'b'), (0, 'infinity', 'c'), (1.50, '-infinity', 'd'), ('NaN', 'infinity', repeat('n', 9000)), ('NaN', '2020-01-01', 'f');
INSERT INTO pl VALUES (1, NULL, 'n', repeat('p', 9000)), (2, 'x', 'x', 'q'), (3, 'a', 'a', NULL), (4, '', 'e', 's'), (5, 'zz', 'z', 't'), (5, 'zz', 'z', 't');
INSERT INTO pi VALUES ('23:59:59', 1), ('24:00:00', 2), ('-1 mon', 3), ('1 mon', 4);
INSERT INTO pb SELECT g % 2 = 0, md5(g::text)::uuid, g FROM generate_series(1, 40) g;
-- live
UPDATE pe SET a = 'mm' WHERE v = '1';
UPDATE pe SET a = upper(a), b = b || 'xyz' WHERE v IN ('2', '3');
UPDATE pe SET a = NULL WHERE v = '4';
UPDATE pn SET k = 'NaN', d = '2020-01-03' WHERE v = 'a';
UPDATE pn SET k = 1.5 WHERE v = 'd';
UPDATE pn SET d = '-infinity' WHERE k = 'NaN' AND d = 'infinity';
UPDATE pl SET c = 'a   ' WHERE c = 'a';
UPDATE pl SET c = CASE WHEN c IS NULL THEN 'zz' WHEN c = 'x' THEN NULL ELSE 'x' END;
UPDATE pi SET i = '1 day' WHERE v = 2;
UPDATE pi SET i = i + '2 days' WHERE v IN (1, 3);
UPDATE pb SET b = NOT b WHERE v % 3 = 0;
-- step
BEGIN;
UPDATE pe SET a = CASE WHEN a IS NULL THEN 'm' ELSE NULL END, b = 'abc';
UPDATE pn SET k = -k WHERE k <> 'NaN'; UPDATE pn SET k = 7, d = '2021-01-01' WHERE k = 'NaN' AND d = '-infinity';
UPDATE pl SET c = 'b' WHERE id = 5; DELETE FROM pl WHERE ctid = (SELECT min(ctid) FROM pl_a WHERE id = 5);
UPDATE pl SET id = id + 1, c = NULL WHERE big LIKE 'pp%';
UPDATE pi SET i = -i;
UPDATE pb SET b = true, u = md5(u::text)::uuid WHERE NOT b;
COMMIT;
TRUNCATE pl_n, pbt0;
INSERT INTO pl VALUES (9, NULL, 'nn', 'again');
ALTER TABLE pn DETACH PARTITION pn2;
INSERT INTO pn2 SELECT 3.0, '2022-02-02', 'in' ;
ALTER TABLE pn ATTACH PARTITION pn2 FOR VALUES FROM (0, 'infinity') TO ('NaN', '-infinity');
UPDATE pn SET v = v || '+';
