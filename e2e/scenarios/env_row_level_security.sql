-- behaviour: row level security on the source hides rows from a non-owner role; an initial copy that silently respects it loses rows. Must copy all or refuse (row_security = off)
-- tables: public.rls
-- expect: equal
-- expect: precheck: rls-without-bypass public.rls (error when the capture role has neither ownership nor BYPASSRLS)
-- setup
CREATE TABLE rls (id int PRIMARY KEY, tenant text);
ALTER TABLE rls ENABLE ROW LEVEL SECURITY;
ALTER TABLE rls FORCE ROW LEVEL SECURITY;
CREATE POLICY only_mine ON rls USING (tenant = current_user);
-- load
INSERT INTO rls VALUES (1, 'a'), (2, 'b');
-- live
INSERT INTO rls VALUES (3, 'c');
UPDATE rls SET tenant = 'z' WHERE id = 1;
