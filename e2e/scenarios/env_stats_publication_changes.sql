-- behaviour: someone else creates, alters and drops publications and slots on the source, or alters ours; foreign ones are none of our business, tampering with ours must be noticed
-- tables: public.pp1, public.pp2
-- setup
CREATE TABLE pp1 (id int PRIMARY KEY); CREATE TABLE pp2 (id int PRIMARY KEY);
-- load
INSERT INTO pp1 VALUES (1); INSERT INTO pp2 VALUES (1);
-- live
CREATE PUBLICATION foreign_pub FOR TABLE pp1 WITH (publish = 'insert');
INSERT INTO pp1 VALUES (2);
ALTER PUBLICATION foreign_pub ADD TABLE pp2;
DELETE FROM pp1 WHERE id = 1;
DROP PUBLICATION foreign_pub;
UPDATE pp2 SET id = 5;
