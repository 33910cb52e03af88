-- behaviour: of a job of named tables one is replaced as tools do it that change tables online: another is made beside it, filled, kept by triggers, takes its name, its indexes' and its sequence, and the old one is dropped; again and again
-- select: public.orders, public.items
-- needs: ddl-sync
-- tables: public.orders, public.items
-- setup
CREATE TABLE orders (id serial PRIMARY KEY, v text, n int);
CREATE INDEX orders_v ON orders (v);
CREATE TABLE items (id int PRIMARY KEY, ord int REFERENCES orders ON DELETE CASCADE, v text);
-- load
INSERT INTO orders (v, n) SELECT 'v' || g, g FROM generate_series(1, 30) g;
INSERT INTO items SELECT g, g, 'i' FROM generate_series(1, 30) g;
-- live
CREATE TABLE _orders_new (LIKE orders INCLUDING ALL);
ALTER TABLE _orders_new ALTER n TYPE bigint, ADD extra text DEFAULT 'e';
CREATE FUNCTION orders_keep() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
	DELETE FROM _orders_new WHERE id = OLD.id;
	IF tg_op <> 'DELETE' THEN INSERT INTO _orders_new VALUES (NEW.*); END IF;
	RETURN NULL;
END $f$;
CREATE TRIGGER orders_keep AFTER UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE PROCEDURE orders_keep();
INSERT INTO _orders_new SELECT * FROM orders;
UPDATE orders SET v = 'kept' WHERE id < 4;
DELETE FROM orders WHERE id = 9;
BEGIN;
ALTER TABLE items DROP CONSTRAINT items_ord_fkey;
ALTER TABLE orders RENAME TO _orders_old;
ALTER TABLE _orders_new RENAME TO orders;
ALTER SEQUENCE orders_id_seq OWNED BY orders.id;
UPDATE orders SET extra = 'swapped' WHERE id = 5;
ALTER TABLE items ADD FOREIGN KEY (ord) REFERENCES orders ON DELETE CASCADE NOT VALID;
COMMIT;
INSERT INTO orders (v, n) VALUES ('behind', 1);
-- step
DROP TABLE _orders_old;
ALTER INDEX _orders_new_pkey RENAME TO orders_pkey;
ALTER INDEX _orders_new_v_idx RENAME TO orders_v;
ALTER TABLE items VALIDATE CONSTRAINT items_ord_fkey;
DELETE FROM orders WHERE id = 7;
-- step
CREATE TABLE _orders_new AS SELECT id, upper(v) AS v FROM orders;
ALTER TABLE orders RENAME TO _orders_old;
INSERT INTO _orders_new VALUES (1000, 'between');
ALTER TABLE _orders_new RENAME TO orders;
UPDATE orders SET v = 'bag' WHERE id < 6;
DROP TABLE _orders_old CASCADE;
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
INSERT INTO orders VALUES (1001, 'keyed');
-- step
BEGIN;
DROP TABLE orders;
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
INSERT INTO orders (v) VALUES ('anew');
COMMIT;
ALTER TABLE orders RENAME TO _gone;
CREATE TABLE orders (id int PRIMARY KEY, v text);
INSERT INTO orders VALUES (1, 'last');
TRUNCATE items;
INSERT INTO items VALUES (1, 1, 'end');
