-- behaviour: no primary key but unique indexes: the first unique, non-partial, non-deferrable index over NOT NULL columns becomes the identity; updates and deletes work on the source and arrive; a nullable or partial unique index does not serve
-- tables: public.u1, public.u2, public.u3
-- setup
CREATE TABLE u1 (a int NOT NULL, b text NOT NULL, v text, UNIQUE (a, b));
CREATE TABLE u2 (a int, b int NOT NULL, v text, big text);
CREATE UNIQUE INDEX u2_a ON u2 (a);
CREATE UNIQUE INDEX u2_p ON u2 (b) WHERE v IS NOT NULL;
CREATE UNIQUE INDEX u2_b ON u2 (b);
ALTER TABLE u2 ALTER big SET STORAGE EXTERNAL;
CREATE TABLE u3 (a int, v text, UNIQUE (a));
-- load
INSERT INTO u1 SELECT g, 'k' || g, 'v' FROM generate_series(1, 100) g;
INSERT INTO u2 SELECT g, g, 'v', repeat('x' || g, 3000) FROM generate_series(1, 20) g;
INSERT INTO u3 VALUES (1, 'a'), (NULL, 'n'), (NULL, 'n');
-- live
UPDATE u1 SET v = 'w' WHERE a % 2 = 0;
UPDATE u1 SET b = b || '!' WHERE a < 5;
DELETE FROM u1 WHERE a > 90;
-- step
UPDATE u2 SET v = 'w' WHERE b < 10;
UPDATE u2 SET b = b + 100 WHERE b >= 15;
UPDATE u2 SET a = NULL WHERE b = 3;
DELETE FROM u2 WHERE b = 7;
-- step
UPDATE u3 SET v = 'm' WHERE ctid = (SELECT min(ctid) FROM u3 WHERE a IS NULL);
DELETE FROM u3 WHERE a = 1;
