-- behaviour: one transaction over 300 tables
-- tables: public.t_1, public.t_300
-- expect: equal
-- setup
DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t_%s (id int PRIMARY KEY, v int)', i); END LOOP; END $$;
-- live
DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('INSERT INTO t_%s VALUES (1, 1)', i); END LOOP; END $$;
DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('UPDATE t_%s SET v = %s', i, i); END LOOP; END $$;
