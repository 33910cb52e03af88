-- behaviour: transactions that another replication brought to the source (with an origin, in replica role, with a commit time of their own) are changes like others
-- needs: superuser
-- tables: public.oo
-- setup
CREATE TABLE oo (id int PRIMARY KEY, v text);
CREATE FUNCTION oo_mark() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := NEW.v || ''!''; RETURN NEW; END';
CREATE TRIGGER oo_mark BEFORE INSERT ON oo FOR EACH ROW EXECUTE PROCEDURE oo_mark();
-- load
INSERT INTO oo VALUES (1, 'a');
-- live
-- session: other
SELECT pg_replication_origin_create('oo_' || current_database());
SELECT pg_replication_origin_session_setup('oo_' || current_database());
SET session_replication_role = replica;
BEGIN;
INSERT INTO oo VALUES (2, 'from elsewhere');
SELECT pg_replication_origin_xact_setup('0/1234', '2001-02-03 04:05:06+00');
COMMIT;
-- session: main
INSERT INTO oo VALUES (3, 'own');
-- session: other
UPDATE oo SET v = 'elsewhere again' WHERE id IN (1, 3);
RESET session_replication_role;
INSERT INTO oo VALUES (4, 'with trigger');
SELECT pg_replication_origin_session_reset();
SELECT pg_replication_origin_drop('oo_' || current_database());
DELETE FROM oo WHERE id = 2;
