-- behaviour: geometric types with NaN/infinite coordinates, open and closed paths, box corner normalisation, degenerate shapes
-- tables: public.geo
-- setup
CREATE TABLE geo (id int PRIMARY KEY, p point, l line, s lseg, b box, pa path, po polygon, c circle, ba box[], pp point[]);
-- load
INSERT INTO geo VALUES (1, '(1e-300,-0)', '{1,-1,0.5}', '[(0,0),(1,1)]', '(0,0),(1,1)', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),1>', '{(1,1),(0,0);(2,2),(1,1)}', '{"(1,2)",NULL}'), (2, '(Infinity,NaN)', NULL, NULL, '(1,1),(0,0)', '((0,0),(1,1),(2,0))', '((0,0))', '<(1,1),0>', '{}', '{}');
-- live
UPDATE geo SET p = '(0.1,0.2)', pa = popen(pa) WHERE id = 2;
UPDATE geo SET b = '(5,5),(5,5)', c = '<(0.1,0.2),3.3333333333333335>' WHERE id = 1;
