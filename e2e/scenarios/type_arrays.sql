-- behaviour: arrays: multi-dimensional, custom lower bounds, empty, nested NULL, elements needing quotes, arrays of every scalar family
-- tables: public.ar
-- setup
CREATE TABLE ar (id int PRIMARY KEY, i int[], b bigint[], t text[], v varchar(3)[], c char(4)[], n numeric(10,2)[], nv numeric[], bo bool[], d date[], ts timestamp[], tz timestamptz[], iv interval[], u uuid[], by bytea[], ip inet[], j jsonb[], r int4range[], m money[], x xml[], o oid[], md int[][]);
-- load
INSERT INTO ar VALUES (1, '{1,NULL,-2147483648}', '{9223372036854775807}', '{"",NULL,"NULL","null",a b,"c,d","e\"f","g\\h","{}"," lead","trail "}', '{abc}', '{a,"b c"}', '{1.10,NULL}', '{NaN,1e100}', '{t,f,NULL}', '{infinity,2024-02-29}', '{2024-01-01 00:00:00.000001}', '{2024-01-01 00:00:00+00}', '{"1 mon","-1 day"}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{"\\\\x00ff",NULL}', '{10.0.0.1/8}', '{"{\"a\": [1, 2]}",null}', '{"[1,5)",empty}', '{1.00}', '{<a/>}', '{1,4294967295}', '{{1,2},{3,4}}'),
 (2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- live
UPDATE ar SET i = '[-2:0]={7,8,9}', md = '[0:1][5:6]={{1,NULL},{3,4}}' WHERE id = 2;
UPDATE ar SET t[3] = 'replaced', i[10] = 5 WHERE id = 1;
UPDATE ar SET t = ARRAY[[E'a\nb', 'c'], ['d', NULL]], md = '{{{1}},{{2}}}' WHERE id = 3;
-- step
UPDATE ar SET i = NULL, t = '{}' WHERE id = 1;
