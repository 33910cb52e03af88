-- behaviour: types that are the server's own (tid, xid, cid, pg_lsn, oidvector, int2vector, aclitem, refcursor, txid_snapshot, tsvector, tsquery, "char"[]) are columns and keys like others
-- tables: public.so, public.so_bag, public.so_tid, public.so_lsn, public.so_vec, public.so_ts, public.so_name
-- setup
CREATE TABLE so (id int PRIMARY KEY, t tid, x xid, c cid, l pg_lsn, v oidvector, i int2vector, a aclitem[], r refcursor, s txid_snapshot, ts tsvector, q tsquery, m macaddr8, ch "char"[], n name[], b bool[]);
CREATE TABLE so_bag (t tid, x xid, c cid, l pg_lsn, v oidvector, i int2vector, r refcursor, s txid_snapshot, ts tsvector, q tsquery, n int);
CREATE TABLE so_tid (k tid PRIMARY KEY, v int);
CREATE TABLE so_lsn (k pg_lsn PRIMARY KEY, v int);
CREATE TABLE so_vec (k oidvector PRIMARY KEY, v int);
CREATE TABLE so_ts (k tsvector, q tsquery, v int, PRIMARY KEY (k, q));
CREATE TABLE so_name (k name PRIMARY KEY, c "char", v int);
-- load
INSERT INTO so VALUES (1, '(0,1)', '4294967295', '0', 'FFFFFFFF/FFFFFFFF', '1 2 3', '4 -5', '{=r/postgres,postgres=arwd/postgres}', 'a "cursor"', '10:20:10,14,15', $$'a ''quoted''':1A,2B 'x\\y':3$$, $$'a b' & !'c':*A | 'd' <-> 'e'$$, '08:00:2b:ff:fe:01:02:03', '{a,"\\","",NULL}', '{"a b",N}', '{t,f,NULL}');
INSERT INTO so_bag VALUES ('(4294967295,65535)', '3', '7', '0/0', '', '', '', '1:1:', '', '', 1), ('(0,0)', '3', '7', '0/10', '1', '2', 'r', '10:20:10', 'a:1', 'a', 2), ('(0,0)', '3', '7', '0/10', '1', '2', 'r', '10:20:10', 'a:1', 'a', 2);
INSERT INTO so_tid SELECT ('(' || g || ',1)')::tid, g FROM generate_series(1, 200) g;
INSERT INTO so_lsn VALUES ('0/0', 1), ('FFFFFFFF/FFFFFFFF', 2), ('1/0', 3);
INSERT INTO so_vec VALUES ('', 1), ('1', 2), ('1 2', 3);
INSERT INTO so_ts VALUES ('a b', 'a', 1), ('a:1 b:2', 'a & b', 2), ('', '', 3);
INSERT INTO so_name VALUES ('', '', 1), (' n ', 'x', 2), (repeat('é', 31), '\', 3);
-- live
UPDATE so SET t = '(7,7)', l = 'FFFFFFFF/FFFFFFFE', ts = ts || 'z:9'::tsvector, q = !!q;
INSERT INTO so SELECT 2, t, x, c, l, v, i, a, r, s, ts, q, m, ch, n, b FROM so WHERE id = 1;
UPDATE so_bag SET n = n + 1 WHERE ctid IN (SELECT ctid FROM so_bag WHERE n = 2 LIMIT 1);
DELETE FROM so_bag WHERE n = 1;
UPDATE so_tid SET v = -v WHERE v % 2 = 0;
DELETE FROM so_tid WHERE k = '(7,1)';
UPDATE so_tid SET k = '(0,9)' WHERE k = '(8,1)';
UPDATE so_lsn SET k = '2/0' WHERE v = 2; UPDATE so_lsn SET v = 33 WHERE v = 3; DELETE FROM so_lsn WHERE v = 1;
UPDATE so_vec SET v = v + 10; DELETE FROM so_vec WHERE v = 11; UPDATE so_vec SET k = '1 2 3' WHERE v = 13;
UPDATE so_ts SET v = v + 10; DELETE FROM so_ts WHERE v = 13; UPDATE so_ts SET k = 'c' WHERE v = 11;
UPDATE so_name SET v = v + 10; UPDATE so_name SET k = k || 'x' WHERE v = 12; DELETE FROM so_name WHERE v = 11;
