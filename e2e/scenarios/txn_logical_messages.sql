-- behaviour: pg_logical_emit_message, transactional and not, inside committed and aborted transactions, between row changes: ignored, never disturbs position tracking
-- tables: public.lm
-- setup
CREATE TABLE lm (id int PRIMARY KEY);
-- load
INSERT INTO lm VALUES (1);
-- live
SELECT pg_logical_emit_message(true, 'pgoutput', 'alone');
BEGIN;
INSERT INTO lm VALUES (2);
SELECT pg_logical_emit_message(true, 'dts', repeat('x', 100000));
SELECT pg_logical_emit_message(false, 'dts', 'now');
INSERT INTO lm VALUES (3);
COMMIT;
BEGIN;
SELECT pg_logical_emit_message(false, 'dts', 'from an aborted transaction');
INSERT INTO lm VALUES (4);
ROLLBACK;
SELECT pg_logical_emit_message(false, 'dts', 'last');
