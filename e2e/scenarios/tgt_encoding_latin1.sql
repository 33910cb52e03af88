-- behaviour: UTF-8 source, LATIN1 target: representable text converts; the first unrepresentable character stops with a clear error instead of being replaced
-- needs: target-encoding:LATIN1
-- tables: public.enc
-- expect: precheck: encoding-differs (warning)
-- expect: equal
-- setup
CREATE TABLE enc (id int PRIMARY KEY, v text);
-- load
INSERT INTO enc VALUES (1, 'Motörhead');
-- live
INSERT INTO enc VALUES (2, 'ÆØÅ æøå ÿ'), (3, '');
UPDATE enc SET v = 'Mötley Crüe' WHERE id = 1;
