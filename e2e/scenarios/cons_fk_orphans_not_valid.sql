-- behaviour: FK and CHECK constraints that are NOT VALID while violating rows exist; creating them validated on the target fails the load
-- tables: public.nvp, public.nvc
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_constraint WHERE conrelid = 'public.nvc'::regclass AND NOT convalidated => 2
-- setup
CREATE TABLE nvp (id int PRIMARY KEY);
CREATE TABLE nvc (id int PRIMARY KEY, p int, q int);
-- load
INSERT INTO nvp VALUES (1);
INSERT INTO nvc VALUES (1, 1, 1), (2, 999, -5);
ALTER TABLE nvc ADD CONSTRAINT nvc_fk FOREIGN KEY (p) REFERENCES nvp NOT VALID;
ALTER TABLE nvc ADD CONSTRAINT nvc_ck CHECK (q > 0) NOT VALID;
-- live
INSERT INTO nvc VALUES (3, 1, 3);
UPDATE nvc SET q = 7 WHERE id = 2 AND p IS NULL;
DELETE FROM nvc WHERE id = 2;
