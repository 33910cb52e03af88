-- behaviour: a partitioned table that was not selected joins while it is written to, leaves while partitions come and go, and joins again
-- needs: ddl-sync; pg>=12
-- tables: public.sel, public.pt
-- select: public.sel
-- action: after step 1: select add public.pt
-- action: after step 2: select remove public.pt
-- action: after step 3: select add public.pt
-- expect: equal
-- setup
CREATE TABLE sel (id int PRIMARY KEY);
CREATE TABLE pt (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE pt_2 PARTITION OF pt FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
-- load
INSERT INTO pt SELECT g, '2026-01-01'::date + g % 59, 'a' FROM generate_series(1, 200) g;
-- live
UPDATE pt SET v = 'b' WHERE id < 20;
INSERT INTO sel VALUES (2);
-- step
UPDATE pt SET at = '2026-02-10' WHERE id = 1;
DELETE FROM pt WHERE id BETWEEN 50 AND 60;
INSERT INTO sel VALUES (3);
-- step
ALTER TABLE pt DETACH PARTITION pt_1;
CREATE TABLE pt_3 PARTITION OF pt FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO pt VALUES (1001, '2026-03-05', 'c');
DELETE FROM pt_1 WHERE id % 2 = 0;
ALTER TABLE pt ATTACH PARTITION pt_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
DROP TABLE pt_2;
INSERT INTO sel VALUES (4);
-- step
UPDATE pt SET v = 'd' WHERE id % 5 = 0;
CREATE TABLE pt_2 PARTITION OF pt FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO pt VALUES (1002, '2026-02-05', 'e');
INSERT INTO sel VALUES (5);
