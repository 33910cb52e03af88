-- behaviour: TRUNCATE of a parent takes its children along, TRUNCATE ONLY does not; in a transaction with rows of each
-- tables: ONLY public.ti_p, ONLY public.ti_c, ONLY public.ti_cc
-- setup
CREATE TABLE ti_p (id int PRIMARY KEY, v text);
CREATE TABLE ti_c (extra text, PRIMARY KEY (id)) INHERITS (ti_p);
CREATE TABLE ti_cc () INHERITS (ti_c);
-- load
INSERT INTO ti_p VALUES (1, 'p'), (2, 'p');
INSERT INTO ti_c VALUES (1, 'c', 'x'), (2, 'c', 'x');
INSERT INTO ti_cc VALUES (1, 'cc', 'x'), (1, 'cc', 'x');
-- live
BEGIN;
INSERT INTO ti_cc VALUES (3, 'cc', 'y');
TRUNCATE ONLY ti_p;
UPDATE ti_p SET v = 'seen' WHERE id = 1;
INSERT INTO ti_p VALUES (1, 'again');
TRUNCATE ONLY ti_c;
INSERT INTO ti_c VALUES (9, 'c', 'z');
COMMIT;
-- step
BEGIN;
INSERT INTO ti_p VALUES (5, 'gone'); INSERT INTO ti_c VALUES (5, 'gone', NULL); INSERT INTO ti_cc VALUES (5, 'gone', NULL);
TRUNCATE ti_p;
INSERT INTO ti_cc VALUES (6, 'left', NULL);
INSERT INTO ti_p VALUES (6, 'left');
COMMIT;
