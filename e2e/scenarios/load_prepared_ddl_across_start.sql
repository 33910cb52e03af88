-- behaviour: transactions that changed structure were prepared before the job starts and hold their locks: one is committed, one rolled back while it starts; a third is prepared meanwhile and committed once it streams
-- needs: guc:max_prepared_transactions>0; ddl-sync
-- tables: public.pa, public.pa_new, public.pa_back, public.pa_late
-- setup
CREATE TABLE pa (id int PRIMARY KEY, v text);
CREATE TABLE pa_back (id int PRIMARY KEY, v text);
CREATE TABLE pa_late (id int, v text);
-- load
INSERT INTO pa SELECT g, 'l' FROM generate_series(1, 100) g;
INSERT INTO pa_back SELECT g, 'l' FROM generate_series(1, 100) g;
INSERT INTO pa_late SELECT g % 30, 'l' FROM generate_series(1, 100) g;
BEGIN;
CREATE TABLE pa_new (id int PRIMARY KEY, v text);
INSERT INTO pa_new SELECT g, 'new' FROM generate_series(1, 10) g;
ALTER TABLE pa ADD w int DEFAULT 5;
UPDATE pa SET v = 'p', w = 6 WHERE id < 10;
PREPARE TRANSACTION 'floe_pa_1';
BEGIN;
ALTER TABLE pa_back RENAME v TO gone;
DELETE FROM pa_back;
PREPARE TRANSACTION 'floe_pa_2';
-- during
-- session: a
BEGIN;
DELETE FROM pa_late WHERE id = 3;
ALTER TABLE pa_late ADD k serial;
ALTER TABLE pa_late ADD PRIMARY KEY (k);
PREPARE TRANSACTION 'floe_pa_3';
-- session: main
SELECT pg_sleep(1);
ROLLBACK PREPARED 'floe_pa_2';
COMMIT PREPARED 'floe_pa_1';
UPDATE pa_back SET v = 'b' WHERE id < 10;
UPDATE pa_new SET id = id + 100 WHERE id < 3;
COMMIT PREPARED 'floe_pa_3';
-- live
UPDATE pa SET w = 7 WHERE id = 1;
UPDATE pa_late SET v = 'k' || k WHERE k % 9 = 0;
DELETE FROM pa_new WHERE id = 5;
