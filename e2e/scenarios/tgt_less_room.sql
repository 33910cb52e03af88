-- behaviour: a target column of fewer digits than the source's takes what it can keep, and stops with the table at a value that it would round, instead of rounding it; given room it goes on
-- mode: ignore-existing
-- tables: public.room, public.room_other
-- expect: stop: constraint-violation public.room after step 1; resumes after step 2
-- expect: equal
-- setup
CREATE TABLE room (id int PRIMARY KEY, n numeric, at timestamp, v float8);
CREATE TABLE room_other (id int PRIMARY KEY);
-- target
CREATE TABLE room (id int PRIMARY KEY, n numeric(8,2), at timestamp(0), v float4);
CREATE TABLE room_other (id int PRIMARY KEY);
-- load
INSERT INTO room SELECT g, g + 0.25, timestamp '2024-01-01' + g * interval '1 s', g / 2.0 FROM generate_series(1, 50) g;
-- live
UPDATE room SET n = n + 0.50 WHERE id <= 20;
INSERT INTO room VALUES (100, 1.234, '2024-01-01 10:00:00.5', 0.1234567890123);
INSERT INTO room_other VALUES (1);
DELETE FROM room WHERE id = 7;
-- step
-- session: target
ALTER TABLE room ALTER n TYPE numeric, ALTER at TYPE timestamp, ALTER v TYPE float8;
-- session: main
INSERT INTO room_other VALUES (2);
UPDATE room SET n = 0.00001 WHERE id = 8;
