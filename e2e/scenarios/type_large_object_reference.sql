-- behaviour: large objects are outside logical decoding: the oid column replicates, the object does not; the precheck must say so
-- tables: public.lo_ref
-- expect: equal
-- expect: precheck: large-objects (warning: pg_largeobject content is copied once at most, never streamed)
-- setup
CREATE TABLE lo_ref (id int PRIMARY KEY, body oid);
-- load
INSERT INTO lo_ref VALUES (1, lo_from_bytea(0, '\x0102'));
-- live
INSERT INTO lo_ref VALUES (2, lo_from_bytea(0, '\x0304'));
SELECT lo_put(body, 0, '\xff') FROM lo_ref WHERE id = 1;
UPDATE lo_ref SET body = NULL WHERE id = 1;
