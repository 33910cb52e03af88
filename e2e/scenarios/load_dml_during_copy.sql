-- behaviour: rows are updated, deleted, inserted and re-inserted while the initial copy runs; nothing lost, nothing resurrected, nothing older than the stream
-- tables: public.ld
-- setup
CREATE TABLE ld (id int PRIMARY KEY, v text, pad text);
-- load
INSERT INTO ld SELECT g, 'old', repeat('p', 200) FROM generate_series(1, 20000) g;
-- during
UPDATE ld SET v = 'upd' WHERE id % 10 = 0;
DELETE FROM ld WHERE id % 10 = 1;
INSERT INTO ld SELECT g, 'new', NULL FROM generate_series(20001, 20500) g;
DELETE FROM ld WHERE id = 500;
INSERT INTO ld VALUES (500, 'reborn', NULL);
UPDATE ld SET id = -id WHERE id % 1000 = 5;
-- live
UPDATE ld SET v = v || '+' WHERE id < 100;
DELETE FROM ld WHERE v = 'upd+';
