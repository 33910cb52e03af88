-- behaviour: money values incl. extremes and NULL; independence from lc_monetary of either side
-- tables: public.cash
-- setup
CREATE TABLE cash (id int PRIMARY KEY, m money, ma money[]);
-- load
INSERT INTO cash VALUES (1, '1234.56', '{1.10,-2.20}'), (2, '-92233720368547758.08', NULL), (3, '92233720368547758.07', NULL), (4, NULL, '{}');
-- live
INSERT INTO cash VALUES (5, '-0.01', '{NULL,0}');
UPDATE cash SET m = m + '0.01' WHERE id = 1;
UPDATE cash SET m = NULL WHERE id = 3;
