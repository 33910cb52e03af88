-- behaviour: labels are added at any place and renamed while rows with them flow, also in the transaction behind; keys and arrays of them too
-- needs: ddl-sync; pg>=12
-- tables: public.ec, public.ec_key
-- setup
CREATE TYPE ec_t AS ENUM ('b', 'd');
CREATE TABLE ec (id int PRIMARY KEY, e ec_t, es ec_t[]);
CREATE TABLE ec_key (e ec_t, n int, v text, PRIMARY KEY (e, n));
-- load
INSERT INTO ec VALUES (1, 'b', '{b,d}'), (2, 'd', NULL);
INSERT INTO ec_key SELECT (ARRAY['b', 'd'])[1 + g % 2]::ec_t, g, 'v' FROM generate_series(1, 100) g;
-- live
ALTER TYPE ec_t ADD VALUE 'c' BEFORE 'd';
INSERT INTO ec VALUES (3, 'c', '{c,b}');
UPDATE ec_key SET e = 'c' WHERE n % 5 = 0;
ALTER TYPE ec_t ADD VALUE 'a''\ "x,{}' BEFORE 'b';
BEGIN;
UPDATE ec SET e = 'a''\ "x,{}', es = es || 'a''\ "x,{}'::ec_t;
ALTER TYPE ec_t RENAME VALUE 'd' TO 'dd';
UPDATE ec_key SET v = 'w' WHERE e = 'dd';
ALTER TYPE ec_t RENAME VALUE 'b' TO 'd';
UPDATE ec_key SET v = 'x' WHERE e = 'd';
COMMIT;
DELETE FROM ec_key WHERE e = 'd' AND n < 50;
