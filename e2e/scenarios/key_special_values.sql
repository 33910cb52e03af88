-- behaviour: keys at the edges of their types (NaN, infinity, before Christ, year 10000 and later, 24:00:00, signed zero) are loaded, updated, moved and deleted one by one
-- tables: public.ks_f8, public.ks_f4, public.ks_num, public.ks_ts, public.ks_time, public.ks_mix
-- setup
CREATE TABLE ks_f8 (k float8 PRIMARY KEY, v int);
CREATE TABLE ks_f4 (k float4 PRIMARY KEY, v int);
CREATE TABLE ks_num (k numeric PRIMARY KEY, v int);
CREATE TABLE ks_ts (k timestamptz, d date, v int, PRIMARY KEY (d, k));
CREATE TABLE ks_time (k time, z timetz, v int, PRIMARY KEY (k, z));
CREATE TABLE ks_mix (a float8, b numeric, c text, v text, PRIMARY KEY (a, b, c));
-- load
INSERT INTO ks_f8 VALUES ('NaN', 1), ('Infinity', 2), ('-Infinity', 3), ('-0', 4), (5e-324, 5), (1.7976931348623157e308, 6), (0.1, 7), (1e15, 8), (123456789012345680, 9);
INSERT INTO ks_f4 VALUES ('NaN', 1), ('Infinity', 2), ('-Infinity', 3), ('-0', 4), (1e-45, 5), (3.4028235e38, 6), (0.1, 7), (1e6, 8), (16777217, 9);
INSERT INTO ks_num VALUES ('NaN', 1), (0, 2), (1.000, 3), (-1e-30, 4), (1e40, 5);
INSERT INTO ks_ts VALUES ('infinity', 'infinity', 1), ('-infinity', '-infinity', 2), ('0001-01-01 00:00:00+00 BC', '0001-12-31 BC', 3), ('294276-12-31 23:59:59.999999+00', '5874897-12-31', 4), ('10000-01-01 00:00:00.000001+00', '10000-01-01', 5), ('4713-01-01 00:00:00+00 BC', '4713-01-01 BC', 6);
INSERT INTO ks_time VALUES ('24:00:00', '24:00:00+15:59', 1), ('00:00:00', '00:00:00-15:59', 2), ('23:59:59.999999', '12:00:00+00:30', 3);
INSERT INTO ks_mix VALUES ('NaN', 'NaN', '', repeat('x', 5000)), ('-0', 0.00, ' ', 'a'), (0.5, -0.0, E'\n', 'b');
-- live
UPDATE ks_f8 SET v = v + 10; UPDATE ks_f4 SET v = v + 10; UPDATE ks_num SET v = v + 10; UPDATE ks_ts SET v = v + 10; UPDATE ks_time SET v = v + 10;
UPDATE ks_mix SET c = c || '!';
UPDATE ks_f8 SET k = 0 WHERE k = 0;
UPDATE ks_f4 SET k = 0 WHERE k = 0;
UPDATE ks_num SET k = 1 WHERE k = 1.0;
-- step
BEGIN;
DELETE FROM ks_f8 WHERE k = 'NaN'; INSERT INTO ks_f8 VALUES ('NaN', 99);
UPDATE ks_f8 SET k = 'Infinity' WHERE v = 13 AND false;
DELETE FROM ks_f8 WHERE k = 'Infinity'; UPDATE ks_f8 SET k = 'Infinity' WHERE k = '-Infinity';
DELETE FROM ks_f4 WHERE k IN ('NaN', '-Infinity', 0.1::float4);
UPDATE ks_num SET k = 'NaN', v = 77 WHERE k = 'NaN';
DELETE FROM ks_num WHERE k = 0;
UPDATE ks_ts SET k = '-infinity' WHERE k = 'infinity';
DELETE FROM ks_ts WHERE d IN ('-infinity', '0001-12-31 BC');
UPDATE ks_ts SET d = '4714-11-24 BC' WHERE d = '4713-01-01 BC';
DELETE FROM ks_time WHERE k = '24:00:00';
UPDATE ks_time SET k = '24:00:00' WHERE k = '00:00:00';
UPDATE ks_mix SET a = 'Infinity', b = 'NaN' WHERE a = 'NaN';
UPDATE ks_mix SET a = 0 WHERE a = 0;
COMMIT;
