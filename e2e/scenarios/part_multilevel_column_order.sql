-- behaviour: sub-partitioned table whose leaves have different column order and dropped columns; row movement between levels with an unchanged large value
-- needs: pg>=11
-- tables: public.pm
-- setup
CREATE TABLE pm (id int NOT NULL, region text NOT NULL, doc text, n int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE pm_eu (junk int, doc text, region text NOT NULL, n int, id int NOT NULL);
ALTER TABLE pm_eu DROP COLUMN junk;
ALTER TABLE pm_eu ALTER doc SET STORAGE EXTERNAL;
ALTER TABLE pm ATTACH PARTITION pm_eu FOR VALUES IN ('eu');
CREATE TABLE pm_us PARTITION OF pm FOR VALUES IN ('us', 'ca') PARTITION BY RANGE (id);
CREATE TABLE pm_us_lo PARTITION OF pm_us FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE pm_us_hi (n int, region text NOT NULL, id int NOT NULL, doc text);
ALTER TABLE pm_us ATTACH PARTITION pm_us_hi FOR VALUES FROM (100) TO (MAXVALUE);
-- load
INSERT INTO pm SELECT g, CASE g % 3 WHEN 0 THEN 'eu' WHEN 1 THEN 'us' ELSE 'ca' END, repeat(md5(g::text), 200), g FROM generate_series(1, 60) g;
-- live
UPDATE pm SET n = -n;
UPDATE pm SET region = 'us' WHERE region = 'eu' AND id < 30;
UPDATE pm SET id = id + 100 WHERE region = 'us' AND id < 10;
-- step
UPDATE pm SET region = 'eu' WHERE region = 'ca';
DELETE FROM pm WHERE id % 5 = 0;
