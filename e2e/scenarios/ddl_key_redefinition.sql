-- behaviour: primary key moved to another column, widened to two columns, dropped and re-created with writes in between
-- needs: ddl-sync
-- tables: public.kr
-- setup
CREATE TABLE kr (a int PRIMARY KEY, b int NOT NULL, c int NOT NULL);
-- load
INSERT INTO kr SELECT g, g * 10, g * 100 FROM generate_series(1, 10) g;
-- live
ALTER TABLE kr DROP CONSTRAINT kr_pkey, ADD PRIMARY KEY (b);
UPDATE kr SET a = 1 WHERE b <= 50;
DELETE FROM kr WHERE b = 100;
-- step
ALTER TABLE kr DROP CONSTRAINT kr_pkey;
INSERT INTO kr VALUES (20, 200, 2000);
ALTER TABLE kr ADD CONSTRAINT kr_pk2 PRIMARY KEY (c, b);
UPDATE kr SET c = c + 1;
