-- behaviour: rows near and above the size of a record, beside small ones, in one transaction with deletes and moved keys, with several large values each
-- tables: public.sz
-- setup
CREATE TABLE sz (id int PRIMARY KEY, a text, b bytea, c text, n int);
ALTER TABLE sz ALTER a SET STORAGE EXTERNAL;
-- load
INSERT INTO sz SELECT g, repeat(chr(64 + g % 26), g * 90000), convert_to(repeat('\', g * 50000), 'UTF8'), 'c' || g, 0 FROM generate_series(1, 12) g;
-- live
BEGIN;
UPDATE sz SET n = 1;
UPDATE sz SET id = id + 100 WHERE id % 3 = 0;
DELETE FROM sz WHERE id = 106;
INSERT INTO sz VALUES (106, repeat('x', 1048576), repeat(E'\\001', 1048576 / 4)::bytea, repeat('é', 524288), 2);
UPDATE sz SET c = a WHERE id IN (1, 2, 106);
COMMIT;
-- step
UPDATE sz SET b = NULL WHERE n = 1 AND id < 5;
UPDATE sz SET n = n + 1, a = a || 'end' WHERE id IN (106, 103);
UPDATE sz SET id = 5000 WHERE id = 106;
