-- behaviour: procedures that commit between commands, blocks whose handlers take commands back, functions called within functions, and a trigger that makes the partition for the row it sees change tables and rows as if each command had been sent by itself
-- needs: ddl-sync; pg>=11
-- tables: public.rd, public.rd_log, public.rd_a, public.rd_b, public.rd_parts, public.rd_new
-- setup
CREATE TABLE rd (id int PRIMARY KEY, v text);
CREATE TABLE rd_log (n int, said text);
CREATE TABLE rd_a (id int PRIMARY KEY, v text);
CREATE TABLE rd_b (id int PRIMARY KEY, v text);
CREATE TABLE rd_parts (id int, day int, v text, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
CREATE TABLE rd_parts_else PARTITION OF rd_parts DEFAULT;
CREATE TABLE rd_in (id int PRIMARY KEY, day int);
CREATE FUNCTION make_part() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
	EXECUTE format('CREATE TABLE IF NOT EXISTS rd_parts_%s PARTITION OF rd_parts FOR VALUES IN (%s)', NEW.day, NEW.day);
	INSERT INTO rd_parts VALUES (NEW.id, NEW.day, 'by trigger');
	RETURN NEW;
END $f$;
CREATE TRIGGER rd_in_makes BEFORE INSERT ON rd_in FOR EACH ROW EXECUTE PROCEDURE make_part();
CREATE PROCEDURE stepwise() LANGUAGE plpgsql AS $p$
DECLARE i int;
BEGIN
	FOR i IN 1..4 LOOP
		EXECUTE format('ALTER TABLE rd ADD COLUMN c%s int DEFAULT %s', i, i);
		EXECUTE format('INSERT INTO rd (id, v, c%s) VALUES (%s, %L, -1)', i, 100 + i, 'step');
		IF i % 2 = 0 THEN
			EXECUTE format('ALTER TABLE rd DROP COLUMN c%s', i - 1);
			COMMIT;
		ELSIF i = 3 THEN
			ROLLBACK;
			EXECUTE 'ALTER TABLE rd ADD COLUMN c3 text DEFAULT ''kept''';
		END IF;
	END LOOP;
END $p$;
CREATE FUNCTION inner_ddl(name text, how text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
	EXECUTE format('ALTER TABLE %I %s', name, how);
	EXECUTE format('UPDATE %I SET v = v || %L', name, '+');
END $f$;
CREATE FUNCTION outer_ddl(how text) RETURNS int LANGUAGE plpgsql AS $f$ DECLARE t text; BEGIN
	FOREACH t IN ARRAY ARRAY['rd_a', 'rd_b'] LOOP
		PERFORM inner_ddl(t, how);
	END LOOP;
	RETURN 1;
END $f$;
-- load
INSERT INTO rd SELECT g, 'v' || g FROM generate_series(1, 30) g;
INSERT INTO rd_a SELECT g, 'a' FROM generate_series(1, 30) g;
INSERT INTO rd_b SELECT g, 'b' FROM generate_series(1, 30) g;
INSERT INTO rd_in VALUES (1, 5), (2, 5);
-- live
CALL stepwise();
INSERT INTO rd (id, v) VALUES (200, 'behind');
-- step
DO $d$ BEGIN
	INSERT INTO rd_log VALUES (1, 'before');
	BEGIN
		ALTER TABLE rd_log ADD COLUMN gone int DEFAULT 9;
		INSERT INTO rd_log VALUES (2, 'taken back', 3);
		DROP TABLE rd_a CASCADE;
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		ALTER TABLE rd_log ADD COLUMN stays text DEFAULT 'here';
		INSERT INTO rd_log VALUES (3, 'handled', 'x');
	END;
	UPDATE rd_a SET v = 'there still' WHERE id < 5;
	ALTER TABLE rd_log ALTER COLUMN n TYPE bigint, ALTER COLUMN said SET DEFAULT 'said', ADD COLUMN more int NOT NULL DEFAULT 4;
	INSERT INTO rd_log (n) VALUES (5);
END $d$;
SELECT outer_ddl('ADD COLUMN w int DEFAULT 1');
SELECT outer_ddl(how) FROM (VALUES ('ADD COLUMN x text'), ('DROP COLUMN w'), ('RENAME COLUMN x TO w')) h(how);
UPDATE rd_a SET w = 'set' WHERE id % 3 = 0;
INSERT INTO rd_b VALUES (31, 'n', 'w');
-- step
INSERT INTO rd_in SELECT g, g % 4 FROM generate_series(10, 30) g;
BEGIN;
INSERT INTO rd_in VALUES (40, 77);
SAVEPOINT s;
INSERT INTO rd_in VALUES (41, 78);
ROLLBACK TO s;
UPDATE rd_parts SET day = 77 WHERE id = 10;
INSERT INTO rd_in VALUES (42, 79);
DROP TABLE rd_parts_3;
COMMIT;
-- step
DO $d$ DECLARE r record; BEGIN
	CREATE TEMP TABLE rd_tmp AS SELECT * FROM rd;
	CREATE TABLE rd_new AS TABLE rd_tmp WITH NO DATA;
	FOR r IN SELECT id FROM rd_tmp WHERE id <= 5 ORDER BY id LOOP
		EXECUTE format('ALTER TABLE rd_new ADD COLUMN n%s int DEFAULT %s', r.id, r.id);
		INSERT INTO rd_new (id, v) VALUES (r.id, 'loop');
	END LOOP;
	ALTER TABLE rd_new DROP COLUMN n1, DROP COLUMN n3, ADD PRIMARY KEY (id), ALTER COLUMN n5 TYPE text USING n5 || '!';
	DROP TABLE rd_tmp;
	UPDATE rd_new SET v = 'end' WHERE id = 2;
END $d$;
DELETE FROM rd_new WHERE id = 4;
INSERT INTO rd_new (id) VALUES (99);
