-- behaviour: a column comes with one default and has another at once, or before anybody looks: rows from before it keep the value that it came with
-- needs: ddl-sync; superuser
-- tables: public.fd, public.fd_bag, public.fd_part
-- setup
CREATE TABLE fd (id int PRIMARY KEY, n int);
CREATE TABLE fd_bag (n int);
CREATE TABLE fd_part (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE fd_part_1 PARTITION OF fd_part FOR VALUES IN (1);
-- load
INSERT INTO fd SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO fd_bag SELECT g FROM generate_series(1, 5) g;
INSERT INTO fd_part SELECT g, 1 FROM generate_series(1, 5) g;
-- live
ALTER TABLE fd ADD COLUMN x int DEFAULT 5, ALTER COLUMN x SET DEFAULT 7;
INSERT INTO fd VALUES (21, 21);
ALTER TABLE fd_bag ADD COLUMN x int NOT NULL DEFAULT 5, ALTER COLUMN x SET DEFAULT 7;
INSERT INTO fd_bag VALUES (6);
ALTER TABLE fd_part ADD COLUMN x text DEFAULT 'was', ALTER COLUMN x SET DEFAULT 'is';
INSERT INTO fd_part VALUES (6, 1);
-- step
BEGIN;
ALTER TABLE fd ADD COLUMN y int DEFAULT 1;
ALTER TABLE fd ALTER COLUMN y SET DEFAULT 2;
INSERT INTO fd (id) VALUES (22);
COMMIT;
-- step
SET floe.recording = on;
ALTER TABLE fd ADD COLUMN z int DEFAULT 5;
RESET floe.recording;
ALTER TABLE fd ALTER COLUMN z SET DEFAULT 7;
INSERT INTO fd (id) VALUES (23);
UPDATE fd SET n = 0 WHERE id = 3;
