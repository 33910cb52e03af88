-- behaviour: one table with nearly every scalar type, all NOT NULL; a delete event carries only the key, so decoders must not choke on missing NOT NULL columns
-- tables: public.nn
-- setup
CREATE TABLE nn (id int PRIMARY KEY, a smallint NOT NULL, b int NOT NULL, c bigint NOT NULL, d real NOT NULL, e float8 NOT NULL, f numeric(6,2) NOT NULL, g bool NOT NULL, h varchar(5) NOT NULL, i char NOT NULL, j text NOT NULL, k date NOT NULL, l time NOT NULL, m timetz NOT NULL, n timestamp NOT NULL, o timestamptz NOT NULL, p interval NOT NULL, q uuid NOT NULL, r json NOT NULL, s jsonb NOT NULL, t xml NOT NULL, u bytea NOT NULL, v bit(3) NOT NULL, w varbit NOT NULL, x inet NOT NULL, y cidr NOT NULL, z macaddr NOT NULL, aa point NOT NULL, ab box NOT NULL, ac circle NOT NULL, ad line NOT NULL, ae lseg NOT NULL, af path NOT NULL, ag polygon NOT NULL, ah money NOT NULL, ai int4range NOT NULL, aj int[] NOT NULL);
-- load
INSERT INTO nn SELECT g, 1, 2, 3, 4, 5, 6, true, 'h', 'i', 'j', '2024-01-01', '01:02', '01:02+03', '2024-01-01 01:02', '2024-01-01 01:02+00', '1 day', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{}', '{}', '<x/>', '\x00', B'101', B'1', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '(1,2)', '(1,1),(0,0)', '<(0,0),1>', '{1,2,3}', '[(0,0),(1,1)]', '[(0,0)]', '((0,0))', '1.00', '[1,2)', '{1}' FROM generate_series(1, 4) g;
-- live
UPDATE nn SET j = 'changed' WHERE id = 1;
DELETE FROM nn WHERE id = 2;
INSERT INTO nn SELECT id + 10, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ab, ac, ad, ae, af, ag, ah, ai, aj FROM nn WHERE id = 1;
UPDATE nn SET id = 100 WHERE id = 3;
