-- behaviour: a table whose only columns are generated or have defaults: the insert carries no or few values
-- needs: pg>=12
-- tables: public.onlygen, public.onlydef
-- setup
CREATE TABLE onlygen (nb int GENERATED ALWAYS AS (1) STORED);
CREATE TABLE onlydef (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
-- load
INSERT INTO onlygen DEFAULT VALUES;
INSERT INTO onlydef DEFAULT VALUES;
-- live
INSERT INTO onlygen DEFAULT VALUES;
INSERT INTO onlygen VALUES (DEFAULT);
INSERT INTO onlydef DEFAULT VALUES;
