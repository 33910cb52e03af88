-- behaviour: one table per key type: uuid, bytea, bool, date, timestamptz, inet, enum, domain over enum, array, range, composite, jsonb, bit, oid, "char", name, macaddr, citext
-- needs: ext:citext
-- tables: public.k_uuid, public.k_bytea, public.k_bool, public.k_date, public.k_tstz, public.k_inet, public.k_enum, public.k_dom, public.k_arr, public.k_range, public.k_comp, public.k_jsonb, public.k_bit, public.k_oid, public.k_char, public.k_name, public.k_mac, public.k_citext
-- setup
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy', 'o''clock');
CREATE DOMAIN mood_d AS mood CHECK (VALUE <> 'sad');
CREATE TYPE pair AS (x int, y text);
CREATE TABLE k_uuid (k uuid PRIMARY KEY, v int);
CREATE TABLE k_bytea (k bytea PRIMARY KEY, v int);
CREATE TABLE k_bool (k bool PRIMARY KEY, v int);
CREATE TABLE k_date (k date PRIMARY KEY, v int);
CREATE TABLE k_tstz (k timestamptz PRIMARY KEY, v int);
CREATE TABLE k_inet (k inet PRIMARY KEY, v int);
CREATE TABLE k_enum (k mood, k2 mood, v int, PRIMARY KEY (k, k2));
CREATE TABLE k_dom (k mood_d PRIMARY KEY, v int);
CREATE TABLE k_arr (k text[] PRIMARY KEY, v int);
CREATE TABLE k_range (k int4range PRIMARY KEY, v int);
CREATE TABLE k_comp (k pair PRIMARY KEY, v int);
CREATE TABLE k_jsonb (k jsonb PRIMARY KEY, v int);
CREATE TABLE k_bit (k varbit PRIMARY KEY, v int);
CREATE TABLE k_oid (k oid PRIMARY KEY, v int);
CREATE TABLE k_char (k "char" PRIMARY KEY, v int);
CREATE TABLE k_name (k name PRIMARY KEY, v int);
CREATE TABLE k_mac (k macaddr PRIMARY KEY, v int);
CREATE TABLE k_citext (k citext PRIMARY KEY, v int);
-- load
INSERT INTO k_uuid VALUES ('00000000-0000-0000-0000-000000000000', 1), ('ffffffff-ffff-ffff-ffff-ffffffffffff', 2);
INSERT INTO k_bytea VALUES ('\x', 1), ('\x00', 2), ('\xff5c27', 3);
INSERT INTO k_bool VALUES (true, 1), (false, 2);
INSERT INTO k_date VALUES ('infinity', 1), ('-infinity', 2), ('0044-03-15 BC', 3);
INSERT INTO k_tstz VALUES ('infinity', 1), ('2024-03-31 02:30:00+00', 2);
INSERT INTO k_inet VALUES ('10.0.0.1/8', 1), ('10.0.0.1', 2), ('::1', 3);
INSERT INTO k_enum VALUES ('sad', 'ok', 1), ('very happy', 'o''clock', 2);
INSERT INTO k_dom VALUES ('ok', 1), ('o''clock', 2);
INSERT INTO k_arr VALUES ('{}', 1), ('{a,NULL,"NULL","x,y","\"q\\"}', 2), ('[0:1]={p,q}', 3);
INSERT INTO k_range VALUES ('empty', 1), ('(,)', 2), ('[1,5)', 3);
INSERT INTO k_comp VALUES (ROW(1, 'a,b'), 1), (ROW(NULL, ''), 2), (ROW(NULL, NULL), 3);
INSERT INTO k_jsonb VALUES ('null', 1), ('{"b":1,"a":[1.0,1.00]}', 2), ('"s"', 3);
INSERT INTO k_bit VALUES (B'', 1), (B'0', 2), (B'00', 3);
INSERT INTO k_oid VALUES (0, 1), (4294967295, 2);
INSERT INTO k_char VALUES ('a', 1), ('', 2), (E'\'', 3);
INSERT INTO k_name VALUES ('n', 1), ('N', 2);
INSERT INTO k_mac VALUES ('08:00:2b:01:02:03', 1);
INSERT INTO k_citext VALUES ('Case', 1), ('other', 2);
-- live
UPDATE k_uuid SET v = v + 10; UPDATE k_bytea SET v = v + 10; UPDATE k_bool SET v = v + 10; UPDATE k_date SET v = v + 10;
UPDATE k_tstz SET v = v + 10; UPDATE k_inet SET v = v + 10; UPDATE k_enum SET v = v + 10; UPDATE k_dom SET v = v + 10;
UPDATE k_arr SET v = v + 10; UPDATE k_range SET v = v + 10; UPDATE k_comp SET v = v + 10; UPDATE k_jsonb SET v = v + 10;
UPDATE k_bit SET v = v + 10; UPDATE k_oid SET v = v + 10; UPDATE k_char SET v = v + 10; UPDATE k_name SET v = v + 10;
UPDATE k_mac SET v = v + 10; UPDATE k_citext SET k = upper(k::text)::citext, v = v + 10;
-- step
DELETE FROM k_uuid WHERE v = 11; DELETE FROM k_bytea WHERE v = 11; DELETE FROM k_bool WHERE v = 11; DELETE FROM k_date WHERE v = 11;
DELETE FROM k_tstz WHERE v = 11; DELETE FROM k_inet WHERE v = 11; DELETE FROM k_enum WHERE v = 11; DELETE FROM k_dom WHERE v = 11;
DELETE FROM k_arr WHERE v = 11; DELETE FROM k_range WHERE v = 11; DELETE FROM k_comp WHERE v = 12; DELETE FROM k_jsonb WHERE v = 11;
DELETE FROM k_bit WHERE v = 11; DELETE FROM k_oid WHERE v = 11; DELETE FROM k_char WHERE v = 12; DELETE FROM k_name WHERE v = 11;
DELETE FROM k_mac WHERE v = 11; DELETE FROM k_citext WHERE k = 'case';
UPDATE k_arr SET k = k || '{z}'::text[]; UPDATE k_range SET k = '[2,9)' WHERE v = 13; UPDATE k_comp SET k = ROW((k).x, 'new') WHERE v = 13;
