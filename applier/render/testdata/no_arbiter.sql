copy [0 1]
COPY "public"."t" ("id", "v") FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert [{0 false} {1 false}]
INSERT INTO "public"."t" ("id", "v") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s

delete [{0 true}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1

leave [{0 true} {0 false}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."int4" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1 AND NOT (t."id" = s.c2)

upsert [{0 false} {1 false}]
INSERT INTO "public"."t" AS t ("id", "v") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE NOT EXISTS (SELECT FROM ONLY "public"."t" t WHERE t."id" = s.c1)

keep [{0 false} {1 false}]
INSERT INTO "public"."t" AS t ("id", "v") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE NOT EXISTS (SELECT FROM ONLY "public"."t" t WHERE t."id" = s.c1)

update [{0 false} {1 false}]
UPDATE ONLY "public"."t" t SET "v" = s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1

surplus [{0 false} {0 true}]
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM (SELECT u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1) AND (t."id") > (($2::text[])[1]::"pg_catalog"."int4") AND (t."id") <= (($2::text[])[2]::"pg_catalog"."int4")

seen
CREATE TABLE "floe"."seen" AS SELECT "id" AS c1 FROM "public"."t" LIMIT 0; ALTER TABLE "floe"."seen" ADD PRIMARY KEY (c1)

sweep
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM "floe"."seen" s WHERE t."id" = s.c1)

missing
SELECT s.n FROM (SELECT u.n, u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) WITH ORDINALITY u(c1, n)) s WHERE NOT EXISTS (SELECT FROM ONLY "public"."t" t WHERE t."id" = s.c1) ORDER BY s.n

same [{0 false} {1 false}]
SELECT ARRAY[t."id"::text COLLATE "C" IS NOT DISTINCT FROM s.uc1, t."v"::text COLLATE "C" IS NOT DISTINCT FROM s.uc2] FROM ONLY "public"."t" t, (SELECT u.c1::"pg_catalog"."int4" AS c1, NULL AS c2, u.c1 AS uc1, u.c2 AS uc2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1

bear [{0 false}]
INSERT INTO "floe"."seen" SELECT s.c1 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) u(c1)) s ON CONFLICT DO NOTHING

patch [{0 false}]
UPDATE ONLY "public"."t" t SET "id" = t."id" FROM (SELECT u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1

move settled 0 [{0 true} {0 false}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."int4" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c2 AND NOT (t."id" = s.c1)

move settled 1 [{0 true} {0 false}]
UPDATE ONLY "public"."t" t SET "id" = s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."int4" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1

move unsettled 0 [{0 false}]
UPDATE ONLY "public"."t" t SET "id" = t."id" FROM (SELECT u.c1::"pg_catalog"."int4" AS c1 FROM unnest($1::text[]) u(c1)) s WHERE t."id" = s.c1

move unsettled 1 [{0 true} {0 false}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."int4" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1 AND EXISTS (SELECT FROM ONLY "public"."t" n WHERE n."id" = s.c2 AND NOT (n."id" = s.c1))

move unsettled 2 [{0 true} {0 false}]
UPDATE ONLY "public"."t" t SET "id" = s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."int4" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."id" = s.c1

