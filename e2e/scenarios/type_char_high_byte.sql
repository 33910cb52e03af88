-- behaviour: one-byte "char" above 127: from 15 on its text is an octal escape; before, a raw byte that is no text of the database's encoding
-- needs: pg>=15
-- tables: public.chb
-- setup
CREATE TABLE chb (id int PRIMARY KEY, q "char", qa "char"[]);
-- load
INSERT INTO chb VALUES (1, (-128)::int::"char", ARRAY[(-1)::int::"char", 'a']);
-- live
INSERT INTO chb VALUES (2, (-1)::int::"char", NULL);
UPDATE chb SET q = (-61)::int::"char" WHERE id = 1;
