-- behaviour: char(n) keys that differ from text by padding: trailing blanks given or not are one key, in load, updates, moves and composite keys; a varchar key keeps them apart
-- tables: public.kb, public.kb2, public.kb3
-- setup
CREATE TABLE kb (k char(6) PRIMARY KEY, v text);
CREATE TABLE kb2 (a char(3), b varchar(6), c bpchar, v text, PRIMARY KEY (a, b, c));
CREATE TABLE kb3 (k varchar(8) PRIMARY KEY, v int);
-- load
INSERT INTO kb VALUES ('a', '1'), ('ab    ', '2'), (' a', '3'), ('é', '4'), ('', '5'), (E'\t', '6');
INSERT INTO kb SELECT 'k' || g, g::text FROM generate_series(1, 3000) g;
INSERT INTO kb2 VALUES ('a', 'a ', 'a ', 'x'), ('a', 'a', 'b  ', 'y'), ('', '', '', 'z'), ('', ' ', '', 'w');
INSERT INTO kb3 VALUES ('a', 1), ('a ', 2), ('a  ', 3), ('', 4), (' ', 5);
-- live
UPDATE kb SET k = 'a     ', v = 'padded' WHERE k = 'a';
UPDATE kb SET k = k || ' ' WHERE k = 'é';
UPDATE kb SET k = 'moved' WHERE k = '';
UPDATE kb SET k = '', v = 'empty again' WHERE k = ' a';
DELETE FROM kb WHERE k = E'\t   ';
UPDATE kb2 SET c = trim(c), v = 'trimmed' WHERE v = 'x';
UPDATE kb2 SET a = 'b' WHERE b = ' ';
DELETE FROM kb2 WHERE c = 'b';
BEGIN;
DELETE FROM kb3 WHERE k = 'a ';
UPDATE kb3 SET k = 'a ' WHERE k = 'a';
UPDATE kb3 SET k = 'a' WHERE k = 'a  ';
UPDATE kb3 SET v = 50 WHERE k = ' ';
COMMIT;
-- step
DELETE FROM kb WHERE k IN ('k1', 'k2    ');
INSERT INTO kb VALUES ('k1', 'again') ON CONFLICT (k) DO UPDATE SET v = 'never';
INSERT INTO kb VALUES ('k3   ', 'x') ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v || 'conflict', k = EXCLUDED.k;
