-- behaviour: json keeps its exact text (duplicate keys, spacing, key order), jsonb keeps numbers exactly (1.10, 1e400, > 2^53), JSON null vs SQL NULL, deep nesting, escapes
-- tables: public.js
-- setup
CREATE TABLE js (id int PRIMARY KEY, j json, b jsonb, ja json[], ba jsonb[]);
-- load
INSERT INTO js VALUES (1, 'null', 'null', '{null,NULL,"{\"a\": 1}"}', '{null,NULL}'), (2, NULL, NULL, NULL, NULL), (3, ' { "b" : 1, "a":2 , "b":3 } ', '{"b":1,"a":2,"b":3}', '{}', '{}'),
 (4, '9007199254740993', '9007199254740993', NULL, NULL), (5, '1.10', '1.10', NULL, NULL), (6, '1e400', '1e400', NULL, NULL), (7, E'"\\u0041\\ud83d\\ude00\\n\\\\"', E'"\\u0041\\ud83d\\ude00\\n\\\\"', NULL, NULL), (8, '[]', '{}', NULL, NULL);
INSERT INTO js VALUES (9, (repeat('[', 500) || repeat(']', 500))::json, (repeat('[', 500) || repeat(']', 500))::jsonb, NULL, NULL);
-- live
UPDATE js SET j = '{"a":1}', b = jsonb_build_object('n', 18446744073709551616) WHERE id = 2;
UPDATE js SET j = NULL, b = NULL WHERE id = 1;
INSERT INTO js VALUES (10, E'"\\u0000"', '""', NULL, NULL), (11, 'true', 'false', NULL, NULL);
-- step
UPDATE js SET j = 'null', b = 'null' WHERE id = 1;
UPDATE js SET b = b || '{"a": -0.0}' WHERE id = 3;
