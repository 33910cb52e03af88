-- behaviour: update of a small column must leave out-of-line values of the other columns intact, for text, bytea, jsonb, numeric, arrays of several element types, composite and tsvector
-- tables: public.tst
-- setup
CREATE TYPE bigc AS (t text, n int);
CREATE TABLE tst (id int PRIMARY KEY, small int, t text, b bytea, j jsonb, js json, n numeric, ta text[], va varchar(40)[], ia int[], ba bigint[], da date[], ua uuid[], bya bytea[], ja jsonb[], ca char(20)[], c bigc, v tsvector);
ALTER TABLE tst ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
-- load
INSERT INTO tst SELECT g, 0, repeat('x' || g, 5000), decode(repeat('ab', 9000), 'hex'),
  (SELECT jsonb_object_agg('k' || i, md5((g * i)::text)) FROM generate_series(1, 300) i), (SELECT json_agg(md5((g + i)::text)) FROM generate_series(1, 300) i),
  (SELECT string_agg((i % 10)::text, '') FROM generate_series(1, 20000) i)::numeric,
  ARRAY(SELECT md5((g + i)::text) FROM generate_series(1, 300) i), ARRAY(SELECT md5((g + i)::text) FROM generate_series(1, 300) i), ARRAY(SELECT i * 7919 FROM generate_series(1, 4000) i), ARRAY(SELECT i * 7919::bigint FROM generate_series(1, 3000) i),
  ARRAY(SELECT date '2000-01-01' + (i * 37 % 9000) FROM generate_series(1, 4000) i), ARRAY(SELECT md5(i::text)::uuid FROM generate_series(1, 400) i), ARRAY(SELECT decode(md5(i::text), 'hex') FROM generate_series(1, 400) i), ARRAY(SELECT to_jsonb(md5(i::text)) FROM generate_series(1, 400) i), ARRAY(SELECT left(md5(i::text), 20) FROM generate_series(1, 400) i),
  ROW((SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i), g)::bigc, array_to_tsvector(ARRAY(SELECT md5(i::text) FROM generate_series(1, 300) i))
FROM generate_series(1, 3) g;
-- live
UPDATE tst SET small = 1;
-- step
UPDATE tst SET small = 2, t = repeat('y', 20000) WHERE id = 1;
UPDATE tst SET j = j || '{"extra": true}', ia = ia || 5 WHERE id = 2;
UPDATE tst SET ta = NULL, b = '\x' WHERE id = 3;
-- step
UPDATE tst SET small = 3;
UPDATE tst SET ta = ARRAY(SELECT md5(i::text) FROM generate_series(1, 500) i) WHERE id = 3;
UPDATE tst SET small = 4;
DELETE FROM tst WHERE id = 2;
