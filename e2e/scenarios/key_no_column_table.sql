-- behaviour: a table without any column still has rows; they are counted and copied
-- tables: public.nocol
-- setup
CREATE TABLE nocol ();
-- load
INSERT INTO nocol DEFAULT VALUES;
INSERT INTO nocol DEFAULT VALUES;
-- live
INSERT INTO nocol DEFAULT VALUES;
