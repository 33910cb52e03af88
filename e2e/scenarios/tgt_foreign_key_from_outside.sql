-- behaviour: a target-only table references a replicated one
-- tables: public.p
-- mode: ignore-existing
-- expect: equal
-- setup
CREATE TABLE p (id int PRIMARY KEY, v text);
-- target
CREATE TABLE p (id int PRIMARY KEY, v text);
CREATE TABLE outside (id int PRIMARY KEY, p int REFERENCES p);
-- load
INSERT INTO p VALUES (1, 'a');
-- live
TRUNCATE p;
INSERT INTO p VALUES (5, 'b');
