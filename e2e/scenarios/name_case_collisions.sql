-- behaviour: table and column names that differ only by case, or that become equal when sanitised for topics or Avro field names (dot, dash, underscore, space); every one keeps its own data
-- tables: public."T", public.t, public."a.b", public."a_b", public."a-b", public."a b", "a"."b", "a.b"."c", "a"."b.c", public.cols
-- setup
CREATE TABLE "T" (id int PRIMARY KEY, v text); CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE "a.b" (id int PRIMARY KEY, v text); CREATE TABLE a_b (id int PRIMARY KEY, v text); CREATE TABLE "a-b" (id int PRIMARY KEY, v text); CREATE TABLE "a b" (id int PRIMARY KEY, v text);
CREATE SCHEMA "a"; CREATE TABLE "a"."b" (id int PRIMARY KEY, v text); CREATE TABLE "a"."b.c" (id int PRIMARY KEY, v text);
CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."c" (id int PRIMARY KEY, v text);
CREATE TABLE cols ("Id" int, "ID" int, id int PRIMARY KEY, "a-b" int, "a_b" int, "a.b" int, "a b" int, "A_b" int, "_" int, "__" int);
-- load
INSERT INTO "T" VALUES (1, 'T'); INSERT INTO t VALUES (1, 't'); INSERT INTO "a.b" VALUES (1, 'dot'); INSERT INTO a_b VALUES (1, 'us'); INSERT INTO "a-b" VALUES (1, 'dash'); INSERT INTO "a b" VALUES (1, 'sp');
INSERT INTO "a"."b" VALUES (1, 's.t'); INSERT INTO "a"."b.c" VALUES (1, 'a/b.c'); INSERT INTO "a.b"."c" VALUES (1, 'a.b/c');
INSERT INTO cols VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
-- live
UPDATE "T" SET v = v || 2; UPDATE t SET v = v || 2; UPDATE "a.b" SET v = v || 2; UPDATE a_b SET v = v || 2; UPDATE "a-b" SET v = v || 2; UPDATE "a b" SET v = v || 2;
UPDATE "a"."b" SET v = v || 2; UPDATE "a"."b.c" SET v = v || 2; UPDATE "a.b"."c" SET v = v || 2;
UPDATE cols SET "ID" = -1, "a-b" = -4, "a.b" = -6, "A_b" = NULL;
