-- behaviour: replica identity index is switched while streaming; updates right after the switch carry the new identity columns
-- needs: ddl-sync
-- tables: public.ris
-- setup
CREATE TABLE ris (a int NOT NULL, b int NOT NULL, v text);
CREATE UNIQUE INDEX ris_a ON ris (a);
CREATE UNIQUE INDEX ris_b ON ris (b);
ALTER TABLE ris REPLICA IDENTITY USING INDEX ris_a;
-- load
INSERT INTO ris VALUES (1, 10, 'p'), (2, 20, 'q'), (3, 30, 'r');
-- live
ALTER TABLE ris REPLICA IDENTITY USING INDEX ris_b;
UPDATE ris SET a = -a WHERE a = 1;
DELETE FROM ris WHERE a = 2;
-- step
ALTER TABLE ris REPLICA IDENTITY FULL;
UPDATE ris SET a = 5, b = 5 WHERE v = 'r';
