-- behaviour: "ignore and proceed" with a table without a key: rows that the target had stay, the source's come beside them, changes find the source's
-- mode: ignore-existing
-- tables: public.exb
-- expect: target: SELECT v, count(*) FROM public.exb GROUP BY 1 ORDER BY 1 => both|2;changed|1;new|1;source|1;target|1
-- setup
CREATE TABLE exb (v text);
-- target
CREATE TABLE exb (v text);
INSERT INTO exb VALUES ('target'), ('both');
-- load
INSERT INTO exb VALUES ('source'), ('both'), ('to change'), ('to delete');
-- live
UPDATE exb SET v = 'changed' WHERE v = 'to change';
DELETE FROM exb WHERE v = 'to delete';
INSERT INTO exb VALUES ('new');
