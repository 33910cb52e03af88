-- behaviour: COMMIT AND CHAIN, ROLLBACK AND CHAIN, transactions that end by error, sessions that write the same rows one after the other, procedures that commit within
-- needs: pg>=12
-- tables: public.ch
-- setup
CREATE TABLE ch (id int PRIMARY KEY, v text);
CREATE PROCEDURE chp() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 100..109 LOOP
    INSERT INTO ch VALUES (i, 'p' || i);
    IF i % 3 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
    UPDATE ch SET v = v || '.' WHERE id >= 100;
    COMMIT;
  END LOOP;
END $$;
-- load
INSERT INTO ch SELECT g, 'v' FROM generate_series(1, 10) g;
-- live
BEGIN;
UPDATE ch SET v = 'a' WHERE id = 1;
COMMIT AND CHAIN;
UPDATE ch SET v = 'b' WHERE id = 1;
SAVEPOINT s;
DELETE FROM ch WHERE id = 2;
ROLLBACK TO s;
UPDATE ch SET v = 'c' WHERE id = 2;
ROLLBACK AND CHAIN;
UPDATE ch SET v = 'd' WHERE id = 3;
COMMIT;
CALL chp();
-- session: one
BEGIN;
UPDATE ch SET v = 'one' WHERE id = 4;
-- session: two
BEGIN;
UPDATE ch SET v = 'two' WHERE id = 5;
INSERT INTO ch VALUES (50, 'two');
-- session: one
INSERT INTO ch VALUES (51, 'one');
COMMIT;
-- session: two
UPDATE ch SET v = v || ' two' WHERE id = 4;
UPDATE ch SET v = v || ' two' WHERE id = 51;
COMMIT;
-- session: main
BEGIN;
INSERT INTO ch VALUES (60, 'lost');
-- error: 22012
INSERT INTO ch SELECT 1 / 0, '';
ROLLBACK;
DELETE FROM ch WHERE id = 51;
