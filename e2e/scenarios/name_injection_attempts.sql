-- behaviour: names that carry SQL
-- tables: public."x""; DROP TABLE canary; --", public.canary, "s'; drop table canary; --"."t$$"
-- expect: equal
-- setup
CREATE TABLE canary (id int PRIMARY KEY, "a'b" text, "c\d" text);
CREATE TABLE "x""; DROP TABLE canary; --" (id int PRIMARY KEY, "v""; DROP TABLE canary; --" text DEFAULT 'x''); DROP TABLE canary; --');
CREATE SCHEMA "s'; drop table canary; --";
CREATE TABLE "s'; drop table canary; --"."t$$" ("$1" int PRIMARY KEY, "${x}" text, "%s" text, "\" text);
CREATE INDEX "i'""; --" ON "s'; drop table canary; --"."t$$" ("${x}");
-- load
INSERT INTO canary VALUES (1, 'a', 'b');
INSERT INTO "s'; drop table canary; --"."t$$" VALUES (1, '$$', '%d', '\');
-- live
INSERT INTO "x""; DROP TABLE canary; --" VALUES (1, '''); DROP TABLE canary; --');
UPDATE "x""; DROP TABLE canary; --" SET id = 2;
UPDATE "s'; drop table canary; --"."t$$" SET "${x}" = '\x00', "\" = NULL;
TRUNCATE canary;
INSERT INTO canary VALUES (2, E'\\', '''');
