-- behaviour: prepared transactions that changed structure are committed and rolled back while others change rows and structure: what they say holds from COMMIT PREPARED on
-- needs: guc:max_prepared_transactions>0; ddl-sync
-- tables: public.tp, public.tq, public.tnew, public.other
-- setup
CREATE TABLE tp (id int PRIMARY KEY, v text);
CREATE TABLE tq (id int PRIMARY KEY, v text);
CREATE TABLE other (id int PRIMARY KEY, v text);
-- load
INSERT INTO tp SELECT g, 'p' FROM generate_series(1, 10) g;
INSERT INTO tq SELECT g, 'q' FROM generate_series(1, 10) g;
-- live
BEGIN;
INSERT INTO tp VALUES (11, 'in');
ALTER TABLE tp ADD c int DEFAULT 5;
UPDATE tp SET c = id WHERE id < 4;
CREATE TABLE tnew (id int PRIMARY KEY, v text);
INSERT INTO tnew VALUES (1, 'prepared');
PREPARE TRANSACTION 'tpd1';
INSERT INTO tq VALUES (11, 'meanwhile');
ALTER TABLE tq ADD d text DEFAULT 'd';
UPDATE tq SET d = 'x' WHERE id = 1;
BEGIN;
ALTER TABLE other ADD gone int;
INSERT INTO other VALUES (1, 'never', 1);
DROP TABLE tq;
PREPARE TRANSACTION 'tpd2';
ROLLBACK PREPARED 'tpd2';
INSERT INTO other VALUES (2, 'stays');
COMMIT PREPARED 'tpd1';
INSERT INTO tp VALUES (12, 'behind', 12);
UPDATE tnew SET v = 'behind' WHERE id = 1;
-- step
BEGIN;
TRUNCATE tp;
INSERT INTO tp VALUES (1, 'again', 1);
ALTER TABLE tp RENAME c TO cc;
ALTER TABLE tp ALTER cc TYPE text;
SAVEPOINT s;
ALTER TABLE tp DROP cc;
ROLLBACK TO SAVEPOINT s;
INSERT INTO tp VALUES (2, 'again', 'text');
PREPARE TRANSACTION 'tpd3';
UPDATE tq SET v = 'r' WHERE id < 5;
COMMIT PREPARED 'tpd3';
DELETE FROM tp WHERE id = 1;
