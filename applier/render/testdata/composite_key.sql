copy [0 1 2]
COPY "public"."t" ("a", "v", "b") FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert [{0 false} {1 false} {2 false}]
INSERT INTO "public"."t" ("a", "v", "b") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2, s.c3 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2, u.c3::"pg_catalog"."text" AS c3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s

delete [{0 true} {2 true}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."a" = s.c1 AND t."b" = s.c2

leave [{0 true} {2 true} {0 false} {2 false}]
DELETE FROM ONLY "public"."t" t USING (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2, u.c3::"pg_catalog"."int4" AS c3, u.c4::"pg_catalog"."text" AS c4 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) u(c1, c2, c3, c4)) s WHERE t."a" = s.c1 AND t."b" = s.c2 AND NOT (t."a" = s.c3 AND t."b" = s.c4)

upsert [{0 false} {1 false} {2 false}]
INSERT INTO "public"."t" AS t ("a", "v", "b") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2, s.c3 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2, u.c3::"pg_catalog"."text" AS c3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s ON CONFLICT ("a", "b") DO UPDATE SET "v" = EXCLUDED."v", "b" = EXCLUDED."b"

keep [{0 false} {1 false} {2 false}]
INSERT INTO "public"."t" AS t ("a", "v", "b") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2, s.c3 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2, u.c3::"pg_catalog"."text" AS c3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s ON CONFLICT ("a", "b") DO NOTHING

update [{0 false} {1 false} {2 false}]
UPDATE ONLY "public"."t" t SET "v" = s.c2, "b" = s.c3 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2, u.c3::"pg_catalog"."text" AS c3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s WHERE t."a" = s.c1 AND t."b" = s.c3

surplus [{0 false} {2 false} {0 true} {2 true}]
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s WHERE t."a" = s.c1 AND t."b" = s.c2) AND (t."a", t."b") > (($3::text[])[1]::"pg_catalog"."int4", ($4::text[])[1]::"pg_catalog"."text") AND (t."a", t."b") <= (($3::text[])[2]::"pg_catalog"."int4", ($4::text[])[2]::"pg_catalog"."text")

seen
CREATE TABLE "floe"."seen" AS SELECT "a" AS c1, "b" AS c2 FROM "public"."t" LIMIT 0; ALTER TABLE "floe"."seen" ADD PRIMARY KEY (c1, c2)

sweep
DELETE FROM ONLY "public"."t" t WHERE NOT EXISTS (SELECT FROM "floe"."seen" s WHERE t."a" = s.c1 AND t."b" = s.c2)

missing
SELECT s.n FROM (SELECT u.n, u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY u(c1, c2, n)) s WHERE NOT EXISTS (SELECT FROM ONLY "public"."t" t WHERE t."a" = s.c1 AND t."b" = s.c2) ORDER BY s.n

same [{0 false} {1 false} {2 false}]
SELECT ARRAY[t."a"::text COLLATE "C" IS NOT DISTINCT FROM s.uc1, t."v"::text COLLATE "C" IS NOT DISTINCT FROM s.uc2, t."b"::text COLLATE "C" IS NOT DISTINCT FROM s.uc3] FROM ONLY "public"."t" t, (SELECT u.c1::"pg_catalog"."int4" AS c1, NULL AS c2, u.c3::"pg_catalog"."text" AS c3, u.c1 AS uc1, u.c2 AS uc2, u.c3 AS uc3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s WHERE t."a" = s.c1 AND t."b" = s.c3

bear [{0 false} {2 false}]
INSERT INTO "floe"."seen" SELECT s.c1, s.c2 FROM (SELECT u.c1::"pg_catalog"."int4" AS c1, u.c2::"pg_catalog"."text" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s ON CONFLICT DO NOTHING

