-- behaviour: table dropped and recreated under the same name with another shape, in separate and in one transaction, with undelivered row events of the old incarnation behind it
-- needs: ddl-sync
-- tables: public.rc
-- setup
CREATE TABLE rc (id int PRIMARY KEY, v text);
-- load
INSERT INTO rc SELECT g, 'v' FROM generate_series(1, 100) g;
-- live
UPDATE rc SET v = 'w';
DROP TABLE rc;
CREATE TABLE rc (id text PRIMARY KEY, n numeric);
INSERT INTO rc VALUES ('a', 1);
-- step
BEGIN;
INSERT INTO rc VALUES ('doomed', 2);
DROP TABLE rc;
CREATE TABLE rc (k bigint, w text, PRIMARY KEY (k, w));
INSERT INTO rc VALUES (1, 'one');
COMMIT;
UPDATE rc SET w = 'uno';
