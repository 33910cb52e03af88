-- behaviour: a target column that is narrower stops with a reason
-- tables: public.n
-- mode: ignore-existing
-- expect: stop: constraint-violation
-- setup
CREATE TABLE n (id int PRIMARY KEY, v text);
-- target
CREATE TABLE n (id int PRIMARY KEY, v varchar(5) NOT NULL);
-- load
INSERT INTO n VALUES (1, 'a');
-- live
INSERT INTO n VALUES (2, 'b');
INSERT INTO n VALUES (3, 'longer than five');
