-- behaviour: primary key index with INCLUDE columns: included column is not part of the identity
-- needs: pg>=11
-- tables: public.cov
-- setup
CREATE TABLE cov (a int, b text, CONSTRAINT covering PRIMARY KEY (a) INCLUDE (b));
-- load
INSERT INTO cov SELECT g, 'b' FROM generate_series(1, 50) g;
-- live
DELETE FROM cov WHERE a > 20;
UPDATE cov SET a = -a;
UPDATE cov SET b = NULL WHERE a = -3;
