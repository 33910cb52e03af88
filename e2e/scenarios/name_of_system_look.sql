-- behaviour: tables and columns that are called like keywords, functions, types, operators and what tools use for themselves
-- tables: public."select", public."table", public."$1", public."a/b?c#d%20", public."__floe", public."1"
-- setup
CREATE TABLE "select" ("from" int PRIMARY KEY, "where" text, "order" int, "user" text, "current_user" text, "null" text, "default" int DEFAULT 5);
CREATE TABLE "table" ("integer" text PRIMARY KEY, "excluded" int, "old" int, "new" int, "new.old" int);
CREATE TABLE "$1" ("$1" int PRIMARY KEY, "?" int, ":x" int, "%s" text, "{{.}}" text, "\" text);
CREATE TABLE "a/b?c#d%20" (" " int PRIMARY KEY, "  " int, "a b" text, "
" text);
CREATE TABLE "__floe" ("__op" int PRIMARY KEY, "before" text, "after" text, "source" int, "ts_ms" int, "key" text, "value" text);
CREATE TABLE "1" ("1" int PRIMARY KEY, "0x" int, "_" int, "__" int, "é" int, "É" int, "é" int);
-- load
INSERT INTO "select" VALUES (1, 'w', 2, 'u', 'c', 'n');
INSERT INTO "table" VALUES ('a', 1, 2, 3, 4);
INSERT INTO "$1" VALUES (1, 2, 3, '%s%d', '{{.}}', '\');
INSERT INTO "a/b?c#d%20" VALUES (1, 2, 'x', 'y');
INSERT INTO "__floe" VALUES (1, 'b', 'a', 2, 3, 'k', 'v');
INSERT INTO "1" VALUES (1, 2, 3, 4, 5, 6, 7);
-- live
UPDATE "select" SET "where" = '$1', "null" = NULL;
UPDATE "table" SET "integer" = 'b', "excluded" = 9;
INSERT INTO "$1" SELECT "$1" + 1, 1, 1, '$$', '$x$', E'\\\\' FROM "$1";
UPDATE "a/b?c#d%20" SET " " = 7;
DELETE FROM "__floe";
INSERT INTO "__floe" VALUES (1, NULL, NULL, 0, 0, '', '');
UPDATE "1" SET "1" = 2, "É" = 0, "é" = 9;
