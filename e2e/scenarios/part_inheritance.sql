-- behaviour: classic inheritance: parent's own rows and children's rows stay in their own tables, update/delete through the parent, ONLY
-- tables: ONLY public.ip, ONLY public.ic1, ONLY public.ic2
-- setup
CREATE TABLE ip (id int PRIMARY KEY, a int NOT NULL);
CREATE TABLE ic1 (c jsonb, PRIMARY KEY (id)) INHERITS (ip);
CREATE TABLE ic2 (d int NOT NULL DEFAULT 5, PRIMARY KEY (id)) INHERITS (ip);
-- load
INSERT INTO ip SELECT g, 0 FROM generate_series(1, 10) g;
INSERT INTO ic1 SELECT g, 0, '[1]' FROM generate_series(1, 10) g;
INSERT INTO ic2 SELECT g, 0 FROM generate_series(101, 110) g;
-- live
UPDATE ip SET a = 1 WHERE id <= 5;
UPDATE ONLY ip SET a = 2 WHERE id = 1;
DELETE FROM ip WHERE id IN (9, 109);
-- step
TRUNCATE ONLY ip;
INSERT INTO ip VALUES (1, 7);
