-- behaviour: integer family at both ends, above 2^53, oid, and NULL transitions
-- tables: public.ints
-- setup
CREATE TABLE ints (id int PRIMARY KEY, s smallint, i int, b bigint, o oid, x xid, c cid);
-- load
INSERT INTO ints VALUES (1, -32768, -2147483648, -9223372036854775808, 0, '0', '0'), (2, 32767, 2147483647, 9223372036854775807, 4294967295, '4294967295', '1'), (3, NULL, NULL, NULL, NULL, NULL, NULL);
-- live
INSERT INTO ints VALUES (4, 0, 0, 9007199254740993, 1, '7', NULL), (5, NULL, NULL, -9007199254740993, NULL, NULL, NULL);
UPDATE ints SET s = NULL, b = b - 1 WHERE id = 2;
UPDATE ints SET s = 1, i = 2, b = 9007199254740992, o = 3 WHERE id = 3;
-- step
DELETE FROM ints WHERE b = 9007199254740993;
