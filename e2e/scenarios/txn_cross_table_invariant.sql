-- behaviour: transfers between two tables keep a constant sum inside every transaction; a reader on the target polling both tables under repeatable read must never see another sum (transactional apply across per-table topics)
-- tables: public.wal_a, public.wal_b
-- expect: equal
-- expect: always: SELECT (SELECT coalesce(sum(n), 0) FROM public.wal_a) + (SELECT coalesce(sum(n), 0) FROM public.wal_b) => 20000 (polled on the target during live, transactional mode)
-- setup
CREATE TABLE wal_a (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE wal_b (id int PRIMARY KEY, n int NOT NULL);
-- load
INSERT INTO wal_a SELECT g, 100 FROM generate_series(1, 100) g;
INSERT INTO wal_b SELECT g, 100 FROM generate_series(1, 100) g;
-- live
DO $$
BEGIN
  FOR i IN 1..1500 LOOP
    UPDATE wal_a SET n = n - i WHERE id = i % 100 + 1;
    UPDATE wal_b SET n = n + i WHERE id = (i * 7) % 100 + 1;
    COMMIT;
  END LOOP;
END $$;
-- step
BEGIN;
DELETE FROM wal_a WHERE id <= 50;
UPDATE wal_b SET n = n + (20000 - (SELECT sum(n) FROM wal_a) - (SELECT sum(n) FROM wal_b)) WHERE id = 1;
COMMIT;
