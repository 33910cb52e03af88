-- behaviour: plain insert/update/delete on keyed tables, incl. multi-row statements and sign-flipping every key
-- tables: public.acct, public.evt
-- setup
CREATE TABLE acct (id int PRIMARY KEY, owner text NOT NULL, bal numeric(12,2) NOT NULL DEFAULT 0);
CREATE TABLE evt (id bigint PRIMARY KEY, note text);
-- load
INSERT INTO acct SELECT g, 'o' || g, g * 1.25 FROM generate_series(1, 1000) g;
INSERT INTO evt SELECT g, NULL FROM generate_series(1, 10) g;
-- live
INSERT INTO acct SELECT g, 'n' || g, 0 FROM generate_series(1001, 1050) g;
UPDATE acct SET bal = bal + 0.01 WHERE id % 7 = 0;
DELETE FROM acct WHERE id > 1020;
-- step
UPDATE acct SET id = -id;
UPDATE evt SET note = 'x' WHERE note IS NULL;
-- step
DELETE FROM evt;
INSERT INTO evt VALUES (1, 'again');
