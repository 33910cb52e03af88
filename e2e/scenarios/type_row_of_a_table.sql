-- behaviour: columns of another table's row type, of arrays and domains of it: that table gains, renames and loses columns while rows of both flow, its own rows are stored in them, and it is a child's parent
-- needs: ddl-sync
-- tables: public.base, public.holder
-- setup
CREATE TABLE base (id int PRIMARY KEY, v text, n numeric);
CREATE TABLE holder (id int PRIMARY KEY, r base, rs base[], j jsonb);
-- load
INSERT INTO base VALUES (1, 'a,"b"', 1.50), (2, NULL, NULL), (3, '', 'NaN');
INSERT INTO holder SELECT b.id, b, ARRAY[b, NULL, (9, NULL, 0)::base], to_jsonb(b) FROM base b;
-- live
ALTER TABLE base ADD added text;
UPDATE base SET added = 'new' WHERE id = 1;
INSERT INTO holder SELECT b.id + 10, b, ARRAY[b], NULL FROM base b;
UPDATE holder SET r.v = 'in place' WHERE id = 1;
UPDATE holder SET rs[2] = r WHERE id = 2;
-- step
BEGIN;
ALTER TABLE base RENAME v TO w;
UPDATE holder SET r.w = 'renamed' WHERE id = 2;
ALTER TABLE base DROP n;
UPDATE holder SET r = ROW(7, 'w', 'x') WHERE id = 3;
INSERT INTO base VALUES (4, 'w', 'a');
INSERT INTO holder SELECT b.id + 20, b, NULL, NULL FROM base b;
COMMIT;
ALTER TABLE base RENAME TO base2;
UPDATE holder SET rs = rs || ARRAY[r];
ALTER TABLE base2 RENAME TO base;
DELETE FROM holder WHERE id = 13;
