-- behaviour: bytea with every byte value, empty, bytea arrays; bit and varbit of odd lengths
-- tables: public.bin
-- setup
CREATE TABLE bin (id int PRIMARY KEY, b bytea, ba bytea[], b1 bit, b7 bit(7), bv bit varying, bv3 bit varying(3));
-- load
INSERT INTO bin VALUES (1, decode((SELECT string_agg(lpad(to_hex(g), 2, '0'), '') FROM generate_series(0, 255) g), 'hex'), ARRAY['\x'::bytea, '\x00', NULL, '\x22'], B'1', B'1010101', B'', B'101'), (2, '\x', '{}', B'0', B'0000000', repeat('10', 300)::varbit, B''), (3, NULL, NULL, NULL, NULL, NULL, NULL);
-- live
UPDATE bin SET b = b || b, ba = ba || '\x5c27'::bytea WHERE id = 1;
UPDATE bin SET b = '\x5c', bv = B'1' WHERE id = 2;
UPDATE bin SET b = '\x00', b7 = B'1111111' WHERE id = 3;
