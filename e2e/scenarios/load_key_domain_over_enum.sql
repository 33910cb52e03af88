-- behaviour: a key whose first column is a domain over an enum is loaded in several chunks, while keys move: no operator takes the domain itself
-- tables: public.lde
-- setup
CREATE TYPE stage AS ENUM ('new', 'open', 'done', 'gone');
CREATE DOMAIN stage_d AS stage;
CREATE DOMAIN stage_dd AS stage_d CHECK (VALUE::stage <> 'gone');
CREATE TABLE lde (s stage_dd, n int, v text, PRIMARY KEY (s, n));
-- load
INSERT INTO lde SELECT (ARRAY['new', 'open', 'done'])[1 + g % 3]::stage, g, repeat('v', 20) FROM generate_series(1, 30000) g;
-- during
UPDATE lde SET s = 'done' WHERE s::stage = 'new' AND n % 7 = 0;
DELETE FROM lde WHERE s::stage = 'open' AND n < 1000;
-- live
UPDATE lde SET v = 'touched', n = -n WHERE n % 1000 = 1;
DELETE FROM lde WHERE s::stage = 'done' AND n % 100 = 0;
