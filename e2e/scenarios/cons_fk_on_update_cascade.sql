-- behaviour: keys change through ON UPDATE CASCADE over three levels and into a table itself, SET NULL of some columns and SET DEFAULT follow deletes: rows of children are changed once, by the source alone
-- needs: pg>=15
-- tables: public.fa, public.fb, public.fc, public.fself, public.fnull
-- setup
CREATE TABLE fa (a int PRIMARY KEY, v text);
CREATE TABLE fb (a int REFERENCES fa ON UPDATE CASCADE ON DELETE CASCADE, b int, big text, PRIMARY KEY (a, b));
ALTER TABLE fb ALTER big SET STORAGE EXTERNAL;
CREATE TABLE fc (a int, b int, c int, PRIMARY KEY (a, b, c), FOREIGN KEY (a, b) REFERENCES fb ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE fself (id text PRIMARY KEY, up text REFERENCES fself ON UPDATE CASCADE ON DELETE SET NULL, n int);
CREATE TABLE fnull (tenant int NOT NULL, a int DEFAULT 1 REFERENCES fa ON UPDATE CASCADE ON DELETE SET DEFAULT, id int, x int, y int, PRIMARY KEY (tenant, id), UNIQUE (tenant, x), FOREIGN KEY (tenant, y) REFERENCES fnull (tenant, x) ON DELETE SET NULL (y) ON UPDATE CASCADE);
-- load
INSERT INTO fa SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO fb SELECT g, b, repeat(md5(g::text), 100) FROM generate_series(1, 20) g, generate_series(1, 3) b;
INSERT INTO fc SELECT a, b, c FROM fb, generate_series(1, 2) c;
INSERT INTO fself VALUES ('root', NULL, 0), ('kid1', 'root', 1), ('kid2', 'root', 2), ('leaf', 'kid1', 3), ('loop', 'loop', 4);
INSERT INTO fnull SELECT 1, 1 + g % 5, g, g, g - 1 FROM generate_series(1, 10) g WHERE g - 1 > 0 OR true ORDER BY g LIMIT 0;
INSERT INTO fnull SELECT 1, 1 + g % 5, g, g, NULL FROM generate_series(1, 10) g;
UPDATE fnull SET y = x - 1 WHERE x > 1;
-- live
UPDATE fa SET a = a + 100 WHERE a <= 5;
BEGIN;
UPDATE fa SET a = -a WHERE a > 100;
UPDATE fa SET a = a + 1000 WHERE a < 0;
DELETE FROM fa WHERE a = 7;
COMMIT;
UPDATE fself SET id = 'top' WHERE id = 'root';
UPDATE fself SET id = 'ring' WHERE id = 'loop';
DELETE FROM fself WHERE id = 'kid1';
-- step
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM fb WHERE a = 8 AND b = 1;
INSERT INTO fc VALUES (8, 77, 1);
INSERT INTO fb VALUES (8, 77, 'late');
UPDATE fb SET b = 78 WHERE b = 77;
COMMIT;
UPDATE fnull SET x = x + 50 WHERE id IN (2, 3);
DELETE FROM fnull WHERE id = 5;
INSERT INTO fa VALUES (1, 'default');
DELETE FROM fa WHERE a = 899 OR a BETWEEN 10 AND 12;
