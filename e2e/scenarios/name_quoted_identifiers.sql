-- behaviour: schema, table and column names with spaces, dots, quotes, backslash, percent, braces, newlines, reserved words, digits first, emoji, full 63 bytes
-- tables: "Sp .""x"".Ch"."Ta b"".le", "Sp .""x"".Ch"."select", public."multi
line", public."100%s {} ${v} \d", public."😀 таблица", public."aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", public."1st", public."""dq"""
-- setup
CREATE SCHEMA "Sp .""x"".Ch";
CREATE TABLE "Sp .""x"".Ch"."Ta b"".le" ("I d" int PRIMARY KEY, "co.l" text, "q""q" text, "a\b" text, "%s" text, "{}" text, "$1" text, "semi;colon" text, "new
line" text, "Select" text, "1x" text, "ключ" text);
CREATE TABLE "Sp .""x"".Ch"."select" ("from" int PRIMARY KEY, "where" text, "order" text, "user" text, "offset" int);
CREATE TABLE "multi
line" (id int PRIMARY KEY, v text);
CREATE TABLE "100%s {} ${v} \d" (id int PRIMARY KEY, v text);
CREATE TABLE "😀 таблица" ("п" int PRIMARY KEY, "😀" text);
CREATE TABLE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" int PRIMARY KEY, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" text);
CREATE TABLE "1st" (id int PRIMARY KEY, v text);
CREATE TABLE """dq""" (id int PRIMARY KEY, """v""" text);
-- load
INSERT INTO "Sp .""x"".Ch"."Ta b"".le" SELECT g, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k' FROM generate_series(1, 3) g;
INSERT INTO "Sp .""x"".Ch"."select" VALUES (1, 'w', 'o', 'u', 5);
INSERT INTO "multi
line" VALUES (1, 'x'); INSERT INTO "100%s {} ${v} \d" VALUES (1, 'x'); INSERT INTO "😀 таблица" VALUES (1, 'x');
INSERT INTO "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" VALUES (1, 'x'); INSERT INTO "1st" VALUES (1, 'x'); INSERT INTO """dq""" VALUES (1, 'x');
-- live
UPDATE "Sp .""x"".Ch"."Ta b"".le" SET "q""q" = NULL, "$1" = '$1', "new
line" = E'\n' WHERE "I d" < 3;
DELETE FROM "Sp .""x"".Ch"."Ta b"".le" WHERE "I d" = 3;
UPDATE "Sp .""x"".Ch"."select" SET "order" = 'desc', "from" = 2;
UPDATE "multi
line" SET v = 'y'; UPDATE "100%s {} ${v} \d" SET v = '%d{}'; UPDATE "😀 таблица" SET "😀" = '😀';
UPDATE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" SET "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" = 'y';
INSERT INTO "1st" VALUES (2, 'y'); INSERT INTO """dq""" VALUES (2, 'y');
