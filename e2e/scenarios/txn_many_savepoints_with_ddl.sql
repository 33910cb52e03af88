-- behaviour: definitions made and taken back under nested savepoints, with rows on each level, in exception blocks and in loops
-- needs: ddl-sync
-- tables: public.sv, public.sv2
-- setup
CREATE TABLE sv (id int PRIMARY KEY, v text);
-- load
INSERT INTO sv SELECT g, 'v' FROM generate_series(1, 10) g;
-- live
BEGIN;
SAVEPOINT a;
ALTER TABLE sv ADD x int DEFAULT 1;
UPDATE sv SET x = 2 WHERE id = 1;
SAVEPOINT b;
ALTER TABLE sv DROP v;
UPDATE sv SET x = 3 WHERE id = 2;
ROLLBACK TO b;
UPDATE sv SET v = 'kept', x = 4 WHERE id = 3;
CREATE TABLE sv2 (id int PRIMARY KEY);
INSERT INTO sv2 VALUES (1);
SAVEPOINT c;
DROP TABLE sv2;
CREATE TABLE sv2 (id text PRIMARY KEY, w text);
INSERT INTO sv2 VALUES ('lost', 'l');
ROLLBACK TO c;
INSERT INTO sv2 VALUES (2);
RELEASE a;
COMMIT;
DO $$
BEGIN
  FOR i IN 1..20 LOOP
    BEGIN
      EXECUTE format('ALTER TABLE sv ADD c%s int DEFAULT %s', i, i);
      EXECUTE format('UPDATE sv SET c%s = id, v = v || %L WHERE id %% 3 = 0', i, i);
      IF i % 2 = 0 THEN RAISE EXCEPTION 'back'; END IF;
    EXCEPTION WHEN raise_exception THEN
      UPDATE sv SET v = v || '-' WHERE id = 7;
    END;
  END LOOP;
END $$;
-- step
BEGIN;
TRUNCATE sv2;
SAVEPOINT a;
ALTER TABLE sv2 RENAME TO gone;
INSERT INTO gone VALUES (9);
ROLLBACK TO a;
INSERT INTO sv2 VALUES (3);
COMMIT;
UPDATE sv SET c1 = 0 WHERE id = 1;
