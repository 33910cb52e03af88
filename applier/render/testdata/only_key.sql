copy [0]
COPY "public"."t" ("id") FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert [{0 false}]
INSERT INTO "public"."t" ("id") OVERRIDING SYSTEM VALUE SELECT s.c1 FROM (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s

delete [{0 true}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1

leave [{0 true} {0 false}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."uuid" AS c1, u.c2::"pg_catalog"."uuid" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1 AND NOT (t."id" = s.c2)

upsert [{0 false}]
INSERT INTO "public"."t" AS t ("id") OVERRIDING SYSTEM VALUE SELECT s.c1 FROM (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s ON CONFLICT ("id") DO NOTHING

keep [{0 false}]
INSERT INTO "public"."t" AS t ("id") OVERRIDING SYSTEM VALUE SELECT s.c1 FROM (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s ON CONFLICT ("id") DO NOTHING

update []


surplus [{0 false} {0 true}]
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1) AND (t."id") > (($2::text[])[1]::"pg_catalog"."uuid") AND (t."id") <= (($2::text[])[2]::"pg_catalog"."uuid")

seen
CREATE TABLE "floe"."seen" AS SELECT "id" AS c1 FROM "public"."t" LIMIT 0; ALTER TABLE "floe"."seen" ADD PRIMARY KEY (c1)

sweep
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM "floe"."seen" s WHERE t."id" = s.c1)

missing
SELECT s.n FROM (SELECT u.n, u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) WITH ORDINALITY u(c1, n)) s WHERE NOT EXISTS (SELECT FROM ONLY "public"."t" t WHERE t."id" = s.c1) ORDER BY s.n

same [{0 false}]
SELECT ARRAY[t."id"::text COLLATE "C" IS NOT DISTINCT FROM s.uc1] FROM ONLY "public"."t" t, (SELECT u.c1::"pg_catalog"."uuid" AS c1, u.c1 AS uc1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1

bear [{0 false}]
INSERT INTO "floe"."seen" SELECT s.c1 FROM (SELECT u.c1::"pg_catalog"."uuid" AS c1 FROM unnest($1::text[]) u(c1)) s ON CONFLICT DO NOTHING

