-- behaviour: REPLICA IDENTITY FULL rows containing NULLs, NaN, empty strings and a column type without equality operators (json, point, xml): matching must be null-safe and must not need a btree operator
-- tables: public.nullbag
-- setup
CREATE TABLE nullbag (a int, b text, f float8, j json, p point, x xml);
ALTER TABLE nullbag REPLICA IDENTITY FULL;
-- load
INSERT INTO nullbag VALUES (1, NULL, 'NaN', '{"k": 1}', '(1,2)', '<a/>'), (1, '', 'NaN', '{"k":1}', NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL);
-- live
UPDATE nullbag SET a = 2 WHERE b IS NULL AND a = 1;
-- step
DELETE FROM nullbag WHERE ctid = (SELECT min(ctid) FROM nullbag WHERE a IS NULL AND b IS NULL AND j IS NULL);
-- step
UPDATE nullbag SET b = 'was empty' WHERE b = '';
UPDATE nullbag SET f = 0 WHERE a IS NULL;
