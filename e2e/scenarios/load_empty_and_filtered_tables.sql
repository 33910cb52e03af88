-- behaviour: empty tables, tables with only deleted rows, tables whose first row arrives after streaming started
-- tables: public.e1, public.e2, public.e3
-- setup
CREATE TABLE e1 (id int PRIMARY KEY); CREATE TABLE e2 (id int PRIMARY KEY); CREATE TABLE e3 (id int PRIMARY KEY, v text);
-- load
INSERT INTO e2 SELECT generate_series(1, 10);
DELETE FROM e2;
-- live
INSERT INTO e3 VALUES (1, 'first ever');
INSERT INTO e2 VALUES (5);
