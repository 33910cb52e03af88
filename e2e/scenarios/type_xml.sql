-- behaviour: xml content, documents, declarations, document types, entities and white space arrive as the server shows them; xml has no equality, and rows without a key are found all the same
-- tables: public.tx, public.tx_bag
-- setup
CREATE TABLE tx (id int PRIMARY KEY, x xml, xs xml[]);
CREATE TABLE tx_bag (x xml, n int);
-- load
INSERT INTO tx VALUES (1, '<a b="c">d &amp; e</a>', NULL), (2, 'just text', '{<a/>,NULL,"<b c=\"d\"/>"}'), (3, '', '{}'), (4, '<a/><b/>  tail ', NULL), (5, '<?xml version="1.0" encoding="iso-8859-1" standalone="yes"?><r>é</r>', NULL), (6, '<!-- c --><a><![CDATA[ <x> ]]></a>', NULL), (7, '<!DOCTYPE r [<!ENTITY e "v">]><r/>', NULL);
INSERT INTO tx_bag SELECT x, id FROM tx;
INSERT INTO tx_bag VALUES (NULL, 0), (NULL, 0);
-- live
INSERT INTO tx SELECT id + 10, x, xs FROM tx;
UPDATE tx SET x = xmlconcat(x, '<more/>') WHERE id IN (1, 2, 4);
UPDATE tx SET x = NULL WHERE id = 3;
UPDATE tx_bag SET n = n + 100 WHERE n IN (1, 5, 6, 7);
DELETE FROM tx_bag WHERE n IN (2, 3, 105);
DELETE FROM tx_bag WHERE ctid IN (SELECT ctid FROM tx_bag WHERE x IS NULL LIMIT 1);
