-- behaviour: widening, narrowing and rewriting type changes with and without USING, on a table with rows already on the target
-- needs: ddl-sync
-- tables: public.ty
-- setup
CREATE TABLE ty (id int PRIMARY KEY, a int, b varchar(10), c text, d timestamp, e int[]);
-- load
INSERT INTO ty VALUES (1, 1, 'b', '10', '2024-01-01 00:00', '{1}'), (2, NULL, NULL, '20', NULL, NULL);
-- live
ALTER TABLE ty ALTER id TYPE bigint;
INSERT INTO ty VALUES (9000000000, 3, 'x', '30', now(), '{}');
ALTER TABLE ty ALTER b TYPE text, ALTER a TYPE numeric(10,1);
ALTER TABLE ty ALTER c TYPE int USING c::int + 1;
SET timezone = 'UTC';
ALTER TABLE ty ALTER d TYPE timestamptz;
ALTER TABLE ty ALTER e TYPE text[] USING e::text[];
UPDATE ty SET e = '{q}', a = 2.5 WHERE id = 2;
-- step
ALTER TABLE ty ALTER b TYPE varchar(3) USING left(b, 3);
INSERT INTO ty (id, b) VALUES (5, 'abc');
