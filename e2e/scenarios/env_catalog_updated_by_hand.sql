-- behaviour: the owner widens columns and lets NOT NULL go by updating the catalog itself, which no event trigger sees: values that are longer arrive
-- needs: superuser; ddl-sync
-- tables: public.cu, public.cu_bag
-- expect: equal
-- expect: target: SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'public.cu'::regclass AND attname = 'v' => character varying(100)
-- setup
CREATE TABLE cu (id int PRIMARY KEY, v varchar(10), n numeric(6,2), must text NOT NULL);
CREATE TABLE cu_bag (v varchar(5), k int);
-- load
INSERT INTO cu VALUES (1, 'short', 1.5, 'm'), (2, '1234567890', 9999.99, 'm');
INSERT INTO cu_bag VALUES ('abc', 1), ('abc', 1);
-- live
UPDATE cu SET v = 'x' WHERE id = 1;
UPDATE pg_attribute SET atttypmod = 104 WHERE attrelid = 'public.cu'::regclass AND attname = 'v';
INSERT INTO cu VALUES (3, repeat('v', 90), 3, 'm');
UPDATE cu SET v = repeat('w', 100) WHERE id = 2;
-- step
UPDATE pg_attribute SET atttypmod = ((12 << 16) | 2) + 4 WHERE attrelid = 'public.cu'::regclass AND attname = 'n';
UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 'public.cu'::regclass AND attname = 'must';
INSERT INTO cu VALUES (4, 'n', 1234567890.12, NULL);
UPDATE cu SET must = NULL WHERE id = 1;
-- step
UPDATE pg_attribute SET atttypmod = -1 WHERE attrelid = 'public.cu_bag'::regclass AND attname = 'v';
UPDATE cu_bag SET v = repeat('z', 500) WHERE ctid = (SELECT min(ctid) FROM cu_bag);
DELETE FROM cu_bag WHERE v = 'abc';
