-- behaviour: only a partial unique index and an expression index: full identity
-- tables: public.ke
-- expect: equal
-- setup
CREATE TABLE ke (a int, b text);
CREATE UNIQUE INDEX ON ke (a) WHERE b IS NOT NULL;
CREATE UNIQUE INDEX ON ke (lower(b));
-- load
INSERT INTO ke VALUES (1, 'A'), (1, NULL), (2, NULL), (NULL, NULL), (NULL, NULL);
-- live
UPDATE ke SET a = 3 WHERE b IS NULL AND a = 1;
DELETE FROM ke WHERE ctid IN (SELECT ctid FROM ke WHERE a IS NULL LIMIT 1);
UPDATE ke SET b = 'z' WHERE a = 2;
INSERT INTO ke SELECT * FROM ke WHERE b IS NULL;
