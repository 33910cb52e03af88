-- behaviour: both databases cut off sessions that are idle, and transactions that take long: a job that waits and loads is no such session
-- needs: superuser; pg>=14
-- tables: public.st
-- setup
DO $$ DECLARE s text; BEGIN
  FOREACH s IN ARRAY ARRAY['idle_session_timeout', 'transaction_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'] LOOP
    IF current_setting(s, true) IS NOT NULL THEN EXECUTE format('ALTER DATABASE %I SET %I = ''400ms''', current_database(), s); END IF;
  END LOOP; END $$;
CREATE TABLE st (id int PRIMARY KEY, v text);
-- target
DO $$ DECLARE s text; BEGIN
  FOREACH s IN ARRAY ARRAY['idle_session_timeout', 'transaction_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'] LOOP
    IF current_setting(s, true) IS NOT NULL THEN EXECUTE format('ALTER DATABASE %I SET %I = ''400ms''', current_database(), s); END IF;
  END LOOP; END $$;
-- load
INSERT INTO st SELECT g, 'x' FROM generate_series(1, 20000) g;
-- live
UPDATE st SET v = 'y' WHERE id < 10;
SELECT pg_sleep(1.5);
-- step
UPDATE st SET v = 'z' WHERE id > 19990;
