-- behaviour: every action of foreign keys on deletes and changed keys, also with MATCH FULL, through two levels and to itself, is applied once
-- tables: public.fa, public.fb, public.fc, public.fd
-- setup
CREATE TABLE fa (a int, b int DEFAULT 1, v text, PRIMARY KEY (a, b));
CREATE TABLE fb (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES fa MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE fc (id int PRIMARY KEY, a int DEFAULT 1, b int DEFAULT 1, FOREIGN KEY (a, b) REFERENCES fa ON DELETE SET DEFAULT ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE fd (id int PRIMARY KEY, up int REFERENCES fd ON DELETE CASCADE ON UPDATE CASCADE, c int REFERENCES fc ON DELETE CASCADE);
-- load
INSERT INTO fa SELECT g, 1, 'v' FROM generate_series(1, 20) g;
INSERT INTO fb SELECT g, g, 1 FROM generate_series(1, 20) g;
INSERT INTO fc SELECT g, g, 1 FROM generate_series(1, 20) g;
INSERT INTO fd SELECT g, nullif(g / 2, 0), g FROM generate_series(1, 20) g;
-- live
INSERT INTO fa VALUES (1, 1, DEFAULT) ON CONFLICT DO NOTHING;
DELETE FROM fa WHERE a = 20;
UPDATE fa SET a = a + 100 WHERE a BETWEEN 10 AND 15;
UPDATE fa SET b = 2 WHERE a = 9;
DELETE FROM fc WHERE id = 3;
UPDATE fd SET id = id + 1000 WHERE id = 2;
DELETE FROM fd WHERE id = 1002;
BEGIN;
DELETE FROM fa WHERE a = 4;
INSERT INTO fa VALUES (4, 1, 'again');
COMMIT;
-- step
BEGIN;
INSERT INTO fc VALUES (50, 500, 5);
INSERT INTO fa VALUES (500, 5, 'late');
COMMIT;
DELETE FROM fa WHERE a > 400;
DELETE FROM fa WHERE a BETWEEN 5 AND 8;
