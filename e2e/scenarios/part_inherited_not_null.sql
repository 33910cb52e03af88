-- behaviour: NOT NULL of a column that comes from a parent is each table's own, and does not make the column the child's
-- needs: ddl-sync
-- tables: ONLY public.np, ONLY public.nc, ONLY public.nd
-- setup
CREATE TABLE np (id int PRIMARY KEY, a int NOT NULL, b int, c int);
CREATE TABLE nc (d text, PRIMARY KEY (id)) INHERITS (np);
CREATE TABLE nd (id int PRIMARY KEY, e int, a int NOT NULL, b int, c int) INHERITS (np);
DO $$ BEGIN ALTER TABLE nc ALTER COLUMN a DROP NOT NULL; ALTER TABLE nd ALTER COLUMN a DROP NOT NULL; EXCEPTION WHEN OTHERS THEN NULL; /* from 18 on */ END $$;
ALTER TABLE nc ALTER COLUMN b SET NOT NULL;
-- load
INSERT INTO np SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO nc SELECT g, CASE WHEN g % 2 = 0 OR current_setting('server_version_num')::int >= 180000 THEN g END, g, NULL, 'd' FROM generate_series(101, 120) g;
INSERT INTO nd (id, e, a) SELECT g, g, CASE WHEN current_setting('server_version_num')::int >= 180000 THEN g END FROM generate_series(201, 220) g;
-- live
INSERT INTO nc VALUES (121, CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 1 END, 7);
UPDATE np SET c = 5;
DO $$ BEGIN ALTER TABLE ONLY np ALTER COLUMN c SET NOT NULL; EXCEPTION WHEN OTHERS THEN NULL; END $$;
INSERT INTO nc VALUES (122, 1, 8, NULL);
-- step
ALTER TABLE np DROP COLUMN b;
INSERT INTO nc VALUES (123, 2, NULL, 'no b');
-- step
UPDATE nc SET a = 0 WHERE a IS NULL;
UPDATE nd SET a = 0 WHERE a IS NULL;
ALTER TABLE np ALTER COLUMN a SET NOT NULL;
DO $$ BEGIN ALTER TABLE nd ALTER COLUMN a DROP NOT NULL; EXCEPTION WHEN OTHERS THEN NULL; END $$;
INSERT INTO nd (id, e, a) VALUES (221, 1, CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 1 END);
