-- behaviour: a table becomes a partition of a new one that takes its name, within one transaction, and the way back: the root goes and its partition takes the name again
-- needs: ddl-sync
-- tables: public.bp, public.bk
-- setup
CREATE TABLE bp (id bigint NOT NULL, at date NOT NULL, big text, v text, PRIMARY KEY (id, at));
ALTER TABLE bp ALTER big SET STORAGE EXTERNAL;
CREATE TABLE bk (r int NOT NULL, v text);
-- load
INSERT INTO bp SELECT g, date '2024-01-01' + g % 300, repeat(md5(g::text), 100), 'v' FROM generate_series(1, 300) g;
INSERT INTO bk SELECT g % 3, 'same' FROM generate_series(1, 30) g;
-- live
BEGIN;
UPDATE bp SET v = 'before' WHERE id = 1;
ALTER TABLE bp RENAME TO bp_old;
ALTER TABLE bp_old RENAME CONSTRAINT bp_pkey TO bp_old_pkey;
CREATE TABLE bp (v text, id bigint NOT NULL, at date NOT NULL, big text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
ALTER TABLE bp_old ADD CONSTRAINT fits CHECK (at < '2025-01-01') NOT VALID;
ALTER TABLE bp_old VALIDATE CONSTRAINT fits;
ALTER TABLE bp ATTACH PARTITION bp_old FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE bp_new PARTITION OF bp FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
INSERT INTO bp VALUES ('new', 1000, '2025-02-02', 'b'), ('old', 1001, '2024-02-02', 'b');
UPDATE bp SET v = 'within' WHERE id = 2;
UPDATE bp SET at = at + 400 WHERE id = 3;
COMMIT;
UPDATE bp SET at = at + 400 WHERE id BETWEEN 10 AND 20;
DELETE FROM bp WHERE id = 4;
-- step
BEGIN;
ALTER TABLE bk RENAME TO bk_old;
CREATE TABLE bk (v text, r int NOT NULL) PARTITION BY LIST (r);
ALTER TABLE bk ATTACH PARTITION bk_old DEFAULT;
INSERT INTO bk VALUES ('new', 7);
DELETE FROM bk WHERE ctid IN (SELECT ctid FROM bk WHERE r = 1 LIMIT 2);
COMMIT;
UPDATE bk SET v = 'x' WHERE r = 2;
-- step
BEGIN;
UPDATE bp SET v = 'moves back' WHERE id = 12;
ALTER TABLE bp DETACH PARTITION bp_new;
INSERT INTO bp_old SELECT id, at - 400, big, v FROM bp_new WHERE id < 1000;
DROP TABLE bp_new;
ALTER TABLE bp DETACH PARTITION bp_old;
DROP TABLE bp;
ALTER TABLE bp_old RENAME TO bp;
UPDATE bp SET v = 'plain' WHERE id = 13;
COMMIT;
UPDATE bp SET v = 'last' WHERE id = 14;
DELETE FROM bp WHERE id = 15;
BEGIN;
ALTER TABLE bk DETACH PARTITION bk_old;
DROP TABLE bk;
ALTER TABLE bk_old RENAME TO bk;
COMMIT;
DELETE FROM bk WHERE v = 'x' AND ctid IN (SELECT ctid FROM bk WHERE v = 'x' LIMIT 3);
