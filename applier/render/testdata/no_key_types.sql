copy [0 2 3]
COPY "public"."t" ("a", "i", "j") FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert [{0 false} {2 false} {3 false}]
INSERT INTO "public"."t" ("a", "i", "j") OVERRIDING SYSTEM VALUE SELECT s.c1, s.c2, s.c3 FROM (SELECT u.c1::"pg_catalog"."varchar" AS c1, u.c2::"pg_catalog"."int4" AS c2, u.c3::"pg_catalog"."json" AS c3 FROM unnest($1::text[], $2::text[], $3::text[]) u(c1, c2, c3)) s

remove [{0 true} {2 true} {3 true} {4 true}]
DELETE FROM ONLY "public"."t" WHERE ctid = ANY (ARRAY(SELECT x.place FROM (SELECT b.tableoid AS part, b.ctid AS place, row_number() OVER (PARTITION BY w.k) AS i, w.n FROM (SELECT min(v.k) AS k, sum(v.n) AS n, v.c1, v.c2, v.c3 FROM (SELECT u.k, u.n::int8 AS n, u.c1::"pg_catalog"."varchar"::text COLLATE "C" AS c1, u.c2::"pg_catalog"."int4"::text COLLATE "C" AS c2, u.c3::"pg_catalog"."json"::text COLLATE "C" AS c3 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY u(c1, c2, c3, n, k)) v GROUP BY v.c1, v.c2, v.c3) w JOIN ONLY "public"."t" b ON hashtextextended(ROW(CASE WHEN octet_length(b."a"::text COLLATE "C") < 1000 THEN b."a"::text COLLATE "C" ELSE octet_length(b."a"::text COLLATE "C")::text END, b."i"::text COLLATE "C", b."j"::text COLLATE "C")::text, 0) = hashtextextended(ROW(CASE WHEN octet_length(w.c1) < 1000 THEN w.c1 ELSE octet_length(w.c1)::text END, w.c2, w.c3)::text, 0) AND b."a"::text COLLATE "C" IS NOT DISTINCT FROM w.c1 AND b."i"::text COLLATE "C" IS NOT DISTINCT FROM w.c2 AND b."j"::text COLLATE "C" IS NOT DISTINCT FROM w.c3) x WHERE x.i <= x.n))

delete one [{0 true} {2 true} {3 true}]
DELETE FROM ONLY "public"."t" WHERE ctid = (SELECT b.ctid FROM ONLY "public"."t" b WHERE b."a"::text COLLATE "C" IS NOT DISTINCT FROM ($1::text[])[1]::"pg_catalog"."varchar"::text AND b."i"::text COLLATE "C" IS NOT DISTINCT FROM ($2::text[])[1]::"pg_catalog"."int4"::text AND b."j"::text COLLATE "C" IS NOT DISTINCT FROM ($3::text[])[1]::"pg_catalog"."json"::text LIMIT 1)

update one []


