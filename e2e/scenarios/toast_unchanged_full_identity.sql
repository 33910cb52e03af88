-- behaviour: REPLICA IDENTITY FULL with out-of-line values: old image carries the full values, matching and the new image are complete
-- tables: public.tsf
-- setup
CREATE TABLE tsf (id int, small int, t text, a text[]);
ALTER TABLE tsf REPLICA IDENTITY FULL;
ALTER TABLE tsf ALTER t SET STORAGE EXTERNAL;
-- load
INSERT INTO tsf SELECT g, 0, repeat(md5(g::text), 1000), ARRAY(SELECT md5((g + i)::text) FROM generate_series(1, 300) i) FROM generate_series(1, 5) g;
-- live
UPDATE tsf SET small = 1;
UPDATE tsf SET t = t || '!' WHERE id = 2;
DELETE FROM tsf WHERE id = 3;
-- step
INSERT INTO tsf SELECT * FROM tsf WHERE id = 4;
DELETE FROM tsf WHERE ctid = (SELECT max(ctid) FROM tsf WHERE id = 4);
UPDATE tsf SET small = 9;
