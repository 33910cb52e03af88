-- behaviour: a partitioned table whose only partition comes and goes within one transaction, or before its load is over, has nothing to load and is in sync
-- needs: ddl-sync
-- tables: public.po_a, public.po_b, public.po_after
-- setup
CREATE TABLE po_after (id int PRIMARY KEY);
-- live
BEGIN;
CREATE TABLE po_a (i int) PARTITION BY LIST (i);
CREATE TABLE po_a1 PARTITION OF po_a FOR VALUES IN (1);
INSERT INTO po_a VALUES (1), (1);
DROP TABLE po_a1;
COMMIT;
CREATE TABLE po_b (i int) PARTITION BY LIST (i);
CREATE TABLE po_b1 PARTITION OF po_b FOR VALUES IN (1);
INSERT INTO po_b VALUES (1), (1);
DROP TABLE po_b1;
INSERT INTO po_after VALUES (1);
-- step
CREATE TABLE po_a1 PARTITION OF po_a FOR VALUES IN (1);
INSERT INTO po_a VALUES (1), (1);
INSERT INTO po_after VALUES (2);
