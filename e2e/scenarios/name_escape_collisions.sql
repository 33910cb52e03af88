-- behaviour: names that look like the escapes by which other names travel (_x002d_, _x005f_, leading digits, hashes of long names) keep columns and tables apart
-- tables: public."a-b", public."a_x002d_b", public."a_x002D_b", public."a_b"
-- setup
CREATE TABLE "a-b" ("k-1" int PRIMARY KEY, "k_x002d_1" int, "k_x005f_x002d_1" int, "1" int, "_x0031_" int, "é" text, "_x00e9_" text, "_xd83d__xde00_" text, "😀" text);
CREATE TABLE "a_x002d_b" (LIKE "a-b" INCLUDING ALL);
CREATE TABLE "a_x002D_b" (LIKE "a-b" INCLUDING ALL);
CREATE TABLE "a_b" (LIKE "a-b");
-- load
INSERT INTO "a-b" VALUES (1, 2, 3, 4, 5, '6', '7', '8', '9');
INSERT INTO "a_x002d_b" VALUES (1, 12, 13, 14, 15, '16', '17', '18', '19');
INSERT INTO "a_x002D_b" VALUES (1, 22, 23, 24, 25, '26', '27', '28', '29');
INSERT INTO "a_b" VALUES (1, 32, 33, 34, 35, '36', '37', '38', '39');
-- live
UPDATE "a-b" SET "k_x002d_1" = -2, "é" = 'e'; UPDATE "a_x002d_b" SET "k_x005f_x002d_1" = -3, "_x00e9_" = NULL; UPDATE "a_x002D_b" SET "_x0031_" = -5; UPDATE "a_b" SET "1" = -4, "😀" = 'x';
UPDATE "a-b" SET "k-1" = 2; DELETE FROM "a_x002d_b"; INSERT INTO "a_x002D_b" ("k-1") VALUES (7);
