-- behaviour: float4 and float8 arrive bit by bit (denormals, extremes, signed zero, NaN, infinity), alone and within arrays, points, composites and ranges; rows without a key are told apart by them
-- tables: public.tf, public.tf_bag
-- setup
CREATE TYPE tf_pair AS (a float4, b float8);
CREATE TYPE tf_range AS RANGE (subtype = float8);
CREATE TABLE tf (id int PRIMARY KEY, f4 float4, f8 float8, a4 float4[], a8 float8[], p point, c tf_pair, r tf_range);
CREATE TABLE tf_bag (f4 float4, f8 float8, p point, n int);
-- load
INSERT INTO tf SELECT g, (1 / g::float8)::float4, 1 / g::float8, ARRAY[g::float4 / 7, 1e-45, -0.0], ARRAY[g::float8 / 7, 5e-324, '-0'], point(g / 3.0, '-0'), ROW(g / 8.0, g / 8.0)::tf_pair, tf_range(-g / 8.0::float8, g / 8.0::float8) FROM generate_series(1, 300) g;
INSERT INTO tf VALUES (1001, '-0', '-0', '{NaN,Infinity,-Infinity}', '{NaN,-0,2.2250738585072011e-308}', '(NaN,Infinity)', '(-0,NaN)', '(-Infinity,Infinity)'), (1002, 3.4028235e38, 1.7976931348623157e308, '{1.17549435e-38}', '{4.9406564584124654e-324}', '(1e-300,1e300)', '(0.5,0.25)', '[0,0]');
INSERT INTO tf_bag VALUES ('-0', 0, '(0,0)', 1), (0, '-0', '(0,-0)', 1), ('NaN', 'NaN', '(NaN,NaN)', 1), (0.1, 0.1, '(0.1,0.1)', 1), (0.1, 0.1::float8 + 1e-17 + 2e-17, '(0.1,0.1)', 1), (0.1, 0.30000000000000004 - 0.2, '(0.1,0.1)', 1);
-- live
UPDATE tf SET f4 = f4 * 0.7, f8 = f8 * 0.7, a8 = a8 || f8, p = point(p[1], p[0]);
INSERT INTO tf SELECT id + 2000, f4, f8, a4, a8, p, c, r FROM tf;
UPDATE tf_bag SET n = 2 WHERE f8::text = '-0';
DELETE FROM tf_bag WHERE f4::text = '-0';
UPDATE tf_bag SET n = 3 WHERE f8 = 'NaN';
DELETE FROM tf_bag WHERE f8 = 0.1 AND n = 1;
