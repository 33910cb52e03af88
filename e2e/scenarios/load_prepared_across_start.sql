-- behaviour: a transaction prepared before the sync starts is committed while it runs (slot creation waits for it); another one is rolled back
-- needs: guc:max_prepared_transactions>0
-- tables: public.lpt
-- setup
CREATE TABLE lpt (id int PRIMARY KEY, v text);
-- load
INSERT INTO lpt VALUES (1, 'base');
BEGIN;
INSERT INTO lpt VALUES (2, 'prepared early');
PREPARE TRANSACTION 'early';
BEGIN;
INSERT INTO lpt VALUES (3, 'never');
PREPARE TRANSACTION 'early2';
-- during
COMMIT PREPARED 'early';
ROLLBACK PREPARED 'early2';
-- live
INSERT INTO lpt VALUES (4, 'live');
