-- behaviour: columns and tables called like the words of SQL statements that change them (t, s, u, c1, n, k, w, excluded, new, old) are changed like others
-- tables: public.s, public.t, public.u, public.excluded
-- setup
CREATE TABLE s (c1 int PRIMARY KEY, c2 int, s text, t text, u text, n int, k int, d int, x1 int, x2 int, excluded int);
CREATE TABLE t (w int, v int, i int, b int, part text, place text, tableoids int, c1 text, x int, u int, n int);
CREATE TABLE u (t int, u int, s text, big text, PRIMARY KEY (t, u)) PARTITION BY LIST (t);
CREATE TABLE u1 PARTITION OF u FOR VALUES IN (1); CREATE TABLE u2 PARTITION OF u DEFAULT;
CREATE TABLE excluded (excluded int PRIMARY KEY, "new" int, "old" int, "target" int, "public" int, "select" text);
-- load
INSERT INTO s SELECT g, g + 1, 's' || g, repeat('t', 4000), 'u', g * 2, g * 3, 4, 5, 6, 7 FROM generate_series(1, 10) g;
INSERT INTO t SELECT g % 3, 1, 2, 3, 'p', 'q', 4, 'c', 5, 6, 7 FROM generate_series(1, 10) g;
INSERT INTO u SELECT g % 4, g, 's', repeat(md5(g::text), 200) FROM generate_series(1, 12) g;
INSERT INTO excluded VALUES (1, 2, 3, 4, 5, '6'), (2, 3, 4, 5, 6, '7');
-- live
UPDATE s SET c2 = -c2, n = k WHERE c1 < 5;
UPDATE s SET c1 = c1 + 100, s = t WHERE c1 > 7;
DELETE FROM s WHERE c1 = 6;
UPDATE t SET n = 8 WHERE w = 1;
DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE w = 2 LIMIT 1);
UPDATE u SET u = u + 100 WHERE t = 1;
UPDATE u SET t = 1 WHERE t = 2;
DELETE FROM u WHERE t = 3;
UPDATE excluded SET "new" = "old", "old" = "new";
UPDATE excluded SET excluded = excluded + 10;
DELETE FROM excluded WHERE excluded = 12;
