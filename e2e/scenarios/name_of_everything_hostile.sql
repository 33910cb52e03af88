-- behaviour: every kind of object has quotes, dots, percent signs, backslashes, dollar signs, line ends and letters of many bytes in its name, and is altered, renamed to others like it and dropped
-- needs: ddl-sync; pg>=12
-- tables: public."s'c.h%""e", "s'c.h%""e"."t.a'b""l$e"
-- setup
CREATE SCHEMA "s'c.h%""e";
CREATE TYPE "s'c.h%""e"."en'um\" AS ENUM ('a''b', '"', '\', 'naïve', E'tab\there', '');
CREATE DOMAIN "s'c.h%""e"."do main;--" AS text CONSTRAINT "che'ck""%s" CHECK (value <> '$1');
CREATE TABLE "s'c.h%""e"."t.a'b""l$e" ("co'l" int CONSTRAINT "p k" PRIMARY KEY, "c""o.l" "s'c.h%""e"."en'um\", "%I" "s'c.h%""e"."do main;--", "$1" text DEFAULT '%s$1\''');
CREATE TABLE "s'c.h%""e" ("列" int PRIMARY KEY, "a" text);
CREATE INDEX "in'dex;" ON "s'c.h%""e"."t.a'b""l$e" (lower("$1"), "c""o.l") WHERE "%I" <> 'it''s';
CREATE VIEW "s'c.h%""e"."vi""ew" AS SELECT "co'l" AS "x'y", "c""o.l" FROM "s'c.h%""e"."t.a'b""l$e";
CREATE SEQUENCE "s'c.h%""e"."se q";
CREATE FUNCTION "s'c.h%""e"."f'n$"("a'rg" int) RETURNS int LANGUAGE sql IMMUTABLE AS $x$ SELECT "a'rg" + length('$floe$''"') $x$;
CREATE FUNCTION "s'c.h%""e"."t'g"() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN NEW."$1" := NEW."$1" || '$$'; RETURN NEW; END $_$;
CREATE TRIGGER "tri'g""ger" BEFORE INSERT ON "s'c.h%""e"."t.a'b""l$e" FOR EACH ROW EXECUTE PROCEDURE "s'c.h%""e"."t'g"();
-- load
INSERT INTO "s'c.h%""e"."t.a'b""l$e" SELECT g, (ARRAY['a''b', '"', '\', 'naïve', E'tab\there', ''])[1 + g % 6]::"s'c.h%""e"."en'um\", 'd' || g FROM generate_series(1, 24) g;
INSERT INTO "s'c.h%""e" SELECT g, '列' FROM generate_series(1, 5) g;
-- live
UPDATE "s'c.h%""e"."t.a'b""l$e" SET "$1" = 'u' WHERE "c""o.l" = '"';
ALTER TABLE "s'c.h%""e"."t.a'b""l$e" ADD "ne'w""" int DEFAULT "s'c.h%""e"."f'n$"(3), ADD CONSTRAINT "un'i" UNIQUE ("co'l", "$1");
ALTER TYPE "s'c.h%""e"."en'um\" ADD VALUE 'new''er' BEFORE '"';
INSERT INTO "s'c.h%""e"."t.a'b""l$e" VALUES (100, 'new''er', '%', 'x');
ALTER TABLE "s'c.h%""e" RENAME "a" TO "b'";
UPDATE "s'c.h%""e" SET "b'" = '''' WHERE "列" = 2;
-- step
ALTER TABLE "s'c.h%""e"."t.a'b""l$e" RENAME "co'l" TO "col""";
ALTER TABLE "s'c.h%""e"."t.a'b""l$e" RENAME TO "T. ''";
ALTER INDEX "s'c.h%""e"."in'dex;" RENAME TO "in""dex";
ALTER TYPE "s'c.h%""e"."en'um\" RENAME VALUE '' TO '  ';
ALTER FUNCTION "s'c.h%""e"."f'n$"(int) RENAME TO "f%%";
COMMENT ON TABLE "s'c.h%""e"."T. ''" IS E'it''s\n"quoted" \\ $$';
INSERT INTO "s'c.h%""e"."T. ''" VALUES (101, '  ', 'z', 'y');
ALTER TABLE "s'c.h%""e"."T. ''" RENAME TO "t.a'b""l$e";
ALTER TRIGGER "tri'g""ger" ON "s'c.h%""e"."t.a'b""l$e" RENAME TO "tr;";
DELETE FROM "s'c.h%""e"."t.a'b""l$e" WHERE "col""" = 5;
-- step
ALTER DOMAIN "s'c.h%""e"."do main;--" RENAME CONSTRAINT "che'ck""%s" TO "c'";
ALTER TABLE "s'c.h%""e"."t.a'b""l$e" DROP CONSTRAINT "un'i", DROP "c""o.l" CASCADE;
DROP TYPE "s'c.h%""e"."en'um\";
INSERT INTO "s'c.h%""e"."t.a'b""l$e" VALUES (102, 'q', 'r');
ALTER TABLE "s'c.h%""e"."t.a'b""l$e" ALTER "%I" TYPE varchar(50) USING "%I" || '''';
UPDATE "s'c.h%""e"."t.a'b""l$e" SET "%I" = '%I' WHERE "col""" = 6;
