-- behaviour: prepared transactions arrive at commit prepared
-- tables: public.tp
-- needs: guc:max_prepared_transactions>0
-- expect: equal
-- setup
CREATE TABLE tp (id int PRIMARY KEY, v text);
-- load
INSERT INTO tp VALUES (1, 'a');
-- live
BEGIN;
INSERT INTO tp VALUES (2, 'b');
PREPARE TRANSACTION 'x1';
INSERT INTO tp VALUES (3, 'c');
-- step
COMMIT PREPARED 'x1';
BEGIN;
UPDATE tp SET v = 'z';
PREPARE TRANSACTION 'x2';
ROLLBACK PREPARED 'x2';
