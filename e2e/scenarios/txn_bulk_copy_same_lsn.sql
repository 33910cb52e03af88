-- behaviour: COPY writes multi-insert WAL records, so many row events share one LSN; position tracking by LSN alone loses or repeats rows after a restart in the middle
-- needs: superuser
-- tables: public.cp
-- setup
CREATE TABLE cp (id int PRIMARY KEY);
-- load
INSERT INTO cp VALUES (0);
-- live
COPY cp FROM PROGRAM 'seq 1 3000';
BEGIN;
COPY cp FROM PROGRAM 'seq 3001 3500';
DELETE FROM cp WHERE id % 2 = 0;
COPY cp FROM PROGRAM 'seq 10000 10500';
COMMIT;
