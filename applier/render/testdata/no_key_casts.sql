copy [0 1]
COPY "public"."t" ("a", "b") FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert [{0 false} {1 false}]
INSERT INTO "public"."t" ("a", "b") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2 FROM (SELECT (ARRAY[u.c1]::text::"pg_catalog"."_regclass")[1] AS c1, u.c2::"pg_catalog"."bpchar" AS c2 FROM unnest($1::text[], $2::text[]) u(c1, c2)) s

remove [{0 true} {1 true} {2 true}]
DELETE FROM ONLY "public"."t" WHERE ctid = ANY (ARRAY(SELECT x.place FROM (SELECT b.tableoid AS part, b.ctid AS place, row_number() OVER (PARTITION BY w.k) AS i, w.n FROM (SELECT min(v.k) AS k, sum(v.n) AS n, v.c1, v.c2 FROM (SELECT u.k, u.n::int8 AS n, (ARRAY[u.c1]::text::"pg_catalog"."_regclass")[1]::text COLLATE "C" AS c1, (CASE WHEN u.c2::"pg_catalog"."bpchar" IS DISTINCT FROM NULL THEN pg_catalog.concat(u.c2::"pg_catalog"."bpchar") END) COLLATE "C" AS c2 FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY u(c1, c2, n, k)) v GROUP BY v.c1, v.c2) w JOIN ONLY "public"."t" b ON hashtextextended(ROW(b."a"::text COLLATE "C", (CASE WHEN b."b" IS DISTINCT FROM NULL THEN pg_catalog.concat(b."b") END) COLLATE "C")::text, 0) = hashtextextended(ROW(w.c1, w.c2)::text, 0) AND b."a"::text COLLATE "C" IS NOT DISTINCT FROM w.c1 AND (CASE WHEN b."b" IS DISTINCT FROM NULL THEN pg_catalog.concat(b."b") END) COLLATE "C" IS NOT DISTINCT FROM w.c2) x WHERE x.i <= x.n))

delete one [{0 true} {1 true}]
DELETE FROM ONLY "public"."t" WHERE ctid = (SELECT b.ctid FROM ONLY "public"."t" b WHERE b."a"::text COLLATE "C" IS NOT DISTINCT FROM (ARRAY[($1::text[])[1]]::text::"pg_catalog"."_regclass")[1]::text AND (CASE WHEN b."b" IS DISTINCT FROM NULL THEN pg_catalog.concat(b."b") END) COLLATE "C" IS NOT DISTINCT FROM (CASE WHEN ($2::text[])[1]::"pg_catalog"."bpchar" IS DISTINCT FROM NULL THEN pg_catalog.concat(($2::text[])[1]::"pg_catalog"."bpchar") END) LIMIT 1)

update one [{0 false} {1 false} {0 true} {1 true}]
UPDATE ONLY "public"."t" SET "a" = (ARRAY[($1::text[])[1]]::text::"pg_catalog"."_regclass")[1], "b" = ($2::text[])[1]::"pg_catalog"."bpchar" WHERE ctid = (SELECT b.ctid FROM ONLY "public"."t" b WHERE b."a"::text COLLATE "C" IS NOT DISTINCT FROM (ARRAY[($3::text[])[1]]::text::"pg_catalog"."_regclass")[1]::text AND (CASE WHEN b."b" IS DISTINCT FROM NULL THEN pg_catalog.concat(b."b") END) COLLATE "C" IS NOT DISTINCT FROM (CASE WHEN ($4::text[])[1]::"pg_catalog"."bpchar" IS DISTINCT FROM NULL THEN pg_catalog.concat(($4::text[])[1]::"pg_catalog"."bpchar") END) LIMIT 1)

