-- behaviour: row conditions over values whose types were renamed, relabelled, replaced or checked more strictly since the change: what was written is judged as it was then
-- needs: ddl-sync
-- filter: public.fm: mood <> 'calm' AND n > 0
-- filter: public.fd: d < 100
-- tables: public.fm, public.fd
-- expect: target: SELECT id, mood, n FROM public.fm ORDER BY id => 1|unhappy|1;4|joy|9;5|unhappy|5;7|unhappy|7
-- expect: target: SELECT id, d FROM public.fd ORDER BY id => 1|-1;3|99;4|-4
-- setup
CREATE TYPE mood_t AS ENUM ('sad', 'calm', 'joy');
CREATE TABLE fm (id int PRIMARY KEY, mood mood_t, n int, big text);
CREATE DOMAIN small AS int;
CREATE TABLE fd (id int PRIMARY KEY, d small);
-- load
INSERT INTO fm VALUES (1, 'sad', 1), (2, 'calm', 2), (3, 'joy', -3), (4, 'calm', 4);
INSERT INTO fd VALUES (1, -1), (2, 200), (3, 300);
ALTER DOMAIN small ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
-- live
BEGIN;
INSERT INTO fm VALUES (5, 'sad', 5), (6, 'calm', 6);
UPDATE fm SET mood = 'joy' WHERE id = 4;
ALTER TYPE mood_t RENAME TO feeling;
ALTER TYPE feeling RENAME VALUE 'sad' TO 'unhappy';
INSERT INTO fm VALUES (7, 'unhappy', 7);
UPDATE fm SET n = 9 WHERE id = 4;
COMMIT;
UPDATE fd SET id = 4, d = 1 WHERE id = 2;
ALTER DOMAIN small DROP CONSTRAINT positive;
UPDATE fd SET d = -4 WHERE id = 4;
UPDATE fd SET d = 99 WHERE id = 3;
ALTER DOMAIN small ADD CONSTRAINT never CHECK (VALUE > 1000) NOT VALID;
