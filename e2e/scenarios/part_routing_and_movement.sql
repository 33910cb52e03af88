-- behaviour: list/default/range/hash partitioned tables: routed inserts, direct leaf inserts, updates that move rows between leaves, deletes by parent and leaf
-- needs: pg>=11
-- tables: public.pl, public.ph, public.pr
-- setup
CREATE TABLE pl (a int, b text, PRIMARY KEY (a)) PARTITION BY LIST (a);
CREATE TABLE pl_1 PARTITION OF pl FOR VALUES IN (1, 2, 3);
CREATE TABLE pl_2 PARTITION OF pl FOR VALUES IN (4, 5, 6);
CREATE TABLE pl_d PARTITION OF pl DEFAULT;
CREATE TABLE ph (k text PRIMARY KEY, v int) PARTITION BY HASH (k);
CREATE TABLE ph_0 PARTITION OF ph FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ph_1 PARTITION OF ph FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE pr (d date, id int, v text, PRIMARY KEY (d, id)) PARTITION BY RANGE (d);
CREATE TABLE pr_a PARTITION OF pr FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE pr_b PARTITION OF pr FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
-- load
INSERT INTO pl SELECT g, 'x' FROM generate_series(0, 9) g;
INSERT INTO ph SELECT 'k' || g, g FROM generate_series(1, 20) g;
INSERT INTO pr SELECT date '2023-12-25' + g, g, 'x' FROM generate_series(1, 14) g;
-- live
INSERT INTO pl_2 VALUES (5, 'direct') ON CONFLICT DO NOTHING;
UPDATE pl SET a = 20 WHERE a = 1;
UPDATE pl SET a = 1 WHERE a = 0;
UPDATE ph SET k = 'm' || k;
UPDATE pr SET d = d + 7;
-- step
DELETE FROM pl_d;
DELETE FROM pr WHERE d > '2024-01-10';
INSERT INTO pr_b VALUES ('2025-01-01', 1, 'direct');
