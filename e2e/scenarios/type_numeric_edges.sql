-- behaviour: numeric at its limits: 131072 integer digits, 16383 fraction digits, trailing zeros kept, NaN, typmod scale, tiny and huge magnitudes
-- tables: public.num
-- setup
CREATE TABLE num (id int PRIMARY KEY, free numeric, d32 numeric(3,2), big numeric(1000), sc numeric(1000,500), m numeric(20,8));
-- load
INSERT INTO num VALUES (1, 0, 0, 0, 0, 0), (2, 1.10, 9.99, 1e999, 0.1, 123456789012.00000001), (3, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN'), (4, -0.000, -9.99, -1, -0.1, NULL);
INSERT INTO num (id, free) VALUES (5, ('1' || repeat('0', 131071))::numeric), (6, ('0.' || repeat('0', 16382) || '1')::numeric), (7, (repeat('9', 5000) || '.' || repeat('9', 5000))::numeric);
-- live
INSERT INTO num (id, free) VALUES (8, 1e-16383), (9, 123456789.1234567890123456789), (10, 100), (11, 100.0), (12, 100.00), (13, -1e131000);
UPDATE num SET free = free * -1 WHERE id IN (5, 6, 7);
UPDATE num SET m = 0.00000001 WHERE id = 1;
-- step
UPDATE num SET free = 'NaN' WHERE id = 8;
UPDATE num SET free = NULL, sc = 1e-500 WHERE id = 2;
