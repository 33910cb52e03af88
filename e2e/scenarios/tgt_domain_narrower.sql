-- behaviour: a domain of the target that is shorter than the source's stops with a reason: a value is never cut to it
-- tables: public.dn
-- mode: ignore-existing
-- expect: stop: constraint-violation
-- setup
CREATE DOMAIN code AS varchar(9);
CREATE TABLE dn (id int PRIMARY KEY, c code);
-- target
CREATE DOMAIN code AS varchar(3);
CREATE TABLE dn (id int PRIMARY KEY, c code);
-- load
INSERT INTO dn VALUES (1, 'abc');
-- live
INSERT INTO dn VALUES (2, 'de');
INSERT INTO dn VALUES (3, 'too long');
