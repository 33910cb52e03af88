-- behaviour: a unique index under another collation than its column's tells rows apart that the column's own equality holds for equal: a change of one leaves the other alone
-- needs: pg>=12; icu
-- tables: public.kc
-- setup
CREATE COLLATION kc_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE kc (k text COLLATE kc_ci NOT NULL, v int, note text);
CREATE UNIQUE INDEX kc_bytes ON kc (k COLLATE "C");
-- load
INSERT INTO kc SELECT chr(c) || g, g, 'n' FROM generate_series(1, 20000) g, (VALUES (65), (97)) x(c);
-- live
UPDATE kc SET v = -1 WHERE k COLLATE "C" = 'a5';
DELETE FROM kc WHERE k COLLATE "C" = 'A6';
UPDATE kc SET k = 'z7' WHERE k COLLATE "C" = 'A7';
BEGIN;
DELETE FROM kc WHERE k COLLATE "C" = 'a8';
INSERT INTO kc VALUES ('a8', 88, 'again');
UPDATE kc SET note = repeat('x', 3000) WHERE k COLLATE "C" = 'A9';
UPDATE kc SET v = 99 WHERE k COLLATE "C" = 'A9';
COMMIT;
