-- behaviour: partitions by the hash of a text whose bytes are others on the target: the job halts where one is emptied alone, for nobody knows which rows of the target it held
-- needs: pg>=12; target-encoding:LATIN1
-- tables: public.pe, public.pi
-- expect: stop: structure-changed public.pe_0 after step 2
-- setup
CREATE TABLE pe (k text, id int, v text, PRIMARY KEY (k, id)) PARTITION BY HASH (k);
CREATE TABLE pe_0 PARTITION OF pe FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE pe_1 PARTITION OF pe FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE pe_2 PARTITION OF pe FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE pi (k int PRIMARY KEY, v text) PARTITION BY HASH (k);
CREATE TABLE pi_0 PARTITION OF pi FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pi_1 PARTITION OF pi FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- load
INSERT INTO pe SELECT 'é' || g % 30, g, 'v' FROM generate_series(0, 199) g;
INSERT INTO pi SELECT g, 'é' FROM generate_series(0, 99) g;
-- live
UPDATE pe SET k = 'ü' || id WHERE id % 3 = 0;
TRUNCATE pi_0;
DROP TABLE pi_1;
-- step
TRUNCATE pe_0;
