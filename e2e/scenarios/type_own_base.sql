-- behaviour: a base type of a user's own, made of the server's functions, with a delimiter of its own, alone, in arrays, domains, composites, and as a key; casts between it and text that lie
-- needs: superuser; ddl-sync
-- tables: public.ob, public.obk
-- setup
CREATE TYPE mytext;
CREATE FUNCTION mytext_in(cstring) RETURNS mytext LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION mytext_out(mytext) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE mytext (INPUT = mytext_in, OUTPUT = mytext_out, LIKE = text, DELIMITER = '|');
CREATE FUNCTION mytext_lie(mytext) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'lie' $$;
CREATE CAST (mytext AS text) WITH FUNCTION mytext_lie(mytext) AS ASSIGNMENT;
CREATE FUNCTION mytext_cmp(mytext, mytext) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'bttextcmp';
CREATE FUNCTION mytext_lt(mytext, mytext) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'text_lt';
CREATE FUNCTION mytext_eq(mytext, mytext) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'texteq';
CREATE FUNCTION mytext_gt(mytext, mytext) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'text_gt';
CREATE FUNCTION mytext_le(mytext, mytext) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'text_le';
CREATE FUNCTION mytext_ge(mytext, mytext) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'text_ge';
CREATE OPERATOR < (LEFTARG = mytext, RIGHTARG = mytext, FUNCTION = mytext_lt);
CREATE OPERATOR = (LEFTARG = mytext, RIGHTARG = mytext, FUNCTION = mytext_eq);
CREATE OPERATOR > (LEFTARG = mytext, RIGHTARG = mytext, FUNCTION = mytext_gt);
CREATE OPERATOR <= (LEFTARG = mytext, RIGHTARG = mytext, FUNCTION = mytext_le);
CREATE OPERATOR >= (LEFTARG = mytext, RIGHTARG = mytext, FUNCTION = mytext_ge);
CREATE DOMAIN mydom AS mytext;
CREATE TYPE mycomp AS (a mytext, b mytext[]);
CREATE TABLE ob (id int PRIMARY KEY, m mytext, a mytext[], d mydom, c mycomp, big mytext);
CREATE TABLE obk (n int, m mytext, a mytext[]);
-- load
INSERT INTO ob VALUES (1, 'a|b', '{x|"y|z"|NULL|"NULL"}', 'dom', '("a,b","{p|q}")', mytext_in(textout(repeat('big', 3000))));
INSERT INTO obk SELECT 1, m, a FROM ob;
INSERT INTO obk SELECT * FROM obk;
-- live
UPDATE ob SET m = 'c', a = a || 'w|w'::mytext;
UPDATE ob SET id = 2;
INSERT INTO ob SELECT 3, 'd', ARRAY['e'::mytext, 'f|g'], NULL, '(x,)'::mycomp, NULL;
UPDATE obk SET m = 'changed' WHERE ctid = (SELECT min(ctid) FROM obk);
ALTER TABLE obk ADD extra mytext[] DEFAULT '{p|q}';
DELETE FROM obk WHERE ctid = (SELECT max(ctid) FROM obk);
