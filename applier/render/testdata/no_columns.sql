copy []
COPY "public"."t" () FROM STDIN

truncate
TRUNCATE ONLY "public"."t", ONLY "public"."t" RESTART IDENTITY

empty
DELETE FROM ONLY "public"."t"

insert []
INSERT INTO "public"."t" DEFAULT VALUES

delete one []
DELETE FROM ONLY "public"."t" WHERE ctid = (SELECT b.ctid FROM ONLY "public"."t" b WHERE true LIMIT 1)

update one []


