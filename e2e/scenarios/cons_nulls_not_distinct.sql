-- behaviour: UNIQUE NULLS NOT DISTINCT: the one NULL is handed from row to row; as only index it is no identity, for its column may be NULL
-- needs: pg>=15
-- tables: public.nd, public.nd_only
-- setup
CREATE TABLE nd (id int PRIMARY KEY, u int, w text, UNIQUE NULLS NOT DISTINCT (u, w));
CREATE TABLE nd_only (u int, v text, UNIQUE NULLS NOT DISTINCT (u));
-- load
INSERT INTO nd VALUES (1, NULL, NULL), (2, 2, NULL), (3, NULL, 'w');
INSERT INTO nd_only VALUES (NULL, 'n'), (1, 'one'), (2, 'two');
-- live
BEGIN; UPDATE nd SET u = 9 WHERE id = 1; UPDATE nd SET u = NULL WHERE id = 2; INSERT INTO nd VALUES (4, 2, NULL); COMMIT;
BEGIN; DELETE FROM nd WHERE id = 2; UPDATE nd SET u = NULL WHERE id = 1; UPDATE nd SET id = 2 WHERE id = 3; COMMIT;
BEGIN; UPDATE nd_only SET u = 5 WHERE u IS NULL; UPDATE nd_only SET u = NULL WHERE u = 1; INSERT INTO nd_only VALUES (1, 'new'); COMMIT;
DELETE FROM nd_only WHERE u IS NULL;
INSERT INTO nd_only VALUES (NULL, 'n2');
-- error: 23505
INSERT INTO nd_only VALUES (NULL, 'n3');
