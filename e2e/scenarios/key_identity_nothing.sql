-- behaviour: tables whose replica identity is NOTHING keep it: rows are inserted and truncated, the source refuses what else, and once it is set back all flows
-- needs: ddl-sync
-- tables: public.rn, public.rk
-- setup
CREATE TABLE rn (id int PRIMARY KEY, v text);
ALTER TABLE rn REPLICA IDENTITY NOTHING;
CREATE TABLE rk (a int, v text);
ALTER TABLE rk REPLICA IDENTITY NOTHING;
-- load
INSERT INTO rn VALUES (1, 'a'), (2, 'b'); INSERT INTO rk VALUES (1, 'a'), (1, 'a');
-- live
INSERT INTO rn VALUES (3, 'c'); INSERT INTO rk VALUES (1, 'a');
-- error: 55000
UPDATE rn SET v = 'x';
-- error: 55000
DELETE FROM rk;
-- step
ALTER TABLE rn REPLICA IDENTITY DEFAULT; ALTER TABLE rk REPLICA IDENTITY FULL;
UPDATE rn SET v = v || '+', id = id + 10; DELETE FROM rk WHERE ctid = (SELECT min(ctid) FROM rk); UPDATE rk SET v = 'b' WHERE ctid = (SELECT max(ctid) FROM rk);
TRUNCATE rn; INSERT INTO rn VALUES (3, 'again');
