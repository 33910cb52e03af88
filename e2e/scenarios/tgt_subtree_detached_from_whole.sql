-- behaviour: partitions with partitions of their own, and a default one, are detached from a table that the target does not divide, or that is selected alone: their rows leave it there too
-- mode: ignore-existing
-- needs: ddl-sync; pg>=12
-- tables: public.sw, public.sw_b, public.sw_d, public.sw_a2
-- setup
CREATE TABLE sw (a int, b int, v text, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE sw_a PARTITION OF sw FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE sw_a1 PARTITION OF sw_a FOR VALUES FROM (0) TO (10);
CREATE TABLE sw_a2 PARTITION OF sw_a FOR VALUES FROM (10) TO (20);
CREATE TABLE sw_b PARTITION OF sw FOR VALUES IN (2) PARTITION BY HASH (b);
CREATE TABLE sw_b0 PARTITION OF sw_b FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sw_b1 PARTITION OF sw_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE sw_d PARTITION OF sw DEFAULT;
-- target
CREATE TABLE sw (a int, b int, v text, PRIMARY KEY (a, b));
-- load
INSERT INTO sw SELECT 1 + g % 4, g % 20, 'v' FROM generate_series(1, 60) g ON CONFLICT DO NOTHING;
-- live
ALTER TABLE sw_a DETACH PARTITION sw_a2;
UPDATE sw_a2 SET v = 'own' WHERE b > 15;
INSERT INTO sw VALUES (9, 1, 'nine');
BEGIN;
UPDATE sw SET v = 'last' WHERE a = 2 AND b < 5;
ALTER TABLE sw DETACH PARTITION sw_b;
INSERT INTO sw_b VALUES (2, 100, 'b alone');
ALTER TABLE sw DETACH PARTITION sw_d;
COMMIT;
DELETE FROM sw_d WHERE a = 3;
INSERT INTO sw VALUES (1, 3, 'here') ON CONFLICT (a, b) DO UPDATE SET v = 'here';
-- step
ALTER TABLE sw_b ADD c int DEFAULT 4;
ALTER TABLE sw_d ADD CHECK (a > 2);
UPDATE sw_b SET c = b WHERE b < 9;
INSERT INTO sw_d VALUES (77, 7, 'free');
