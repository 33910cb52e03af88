-- A shop in six tables, each hard in its own way, filled with 200,000 rows.
create schema shop;

-- plain rows, many; money that must always add up
create table shop.accounts (
	id int primary key, owner text not null, balance numeric(14, 2) not null, filler char(60) not null default '');
insert into shop.accounts
	select g, 'customer ' || g, 1000 from generate_series(1, 100000) g;

-- uuid, enum and array; secondary index, foreign key
create type shop.order_state as enum ('new', 'paid', 'shipped', 'returned');
create table shop.orders (
	id uuid primary key, account int not null references shop.accounts, state shop.order_state not null,
	tags text[] not null, total numeric(12, 2) not null, placed timestamptz not null, note text);
create index orders_account on shop.orders (account);
insert into shop.orders
	select md5('order ' || g)::uuid, 1 + g * 37 % 100000, 'paid', array['web', 'week ' || g % 52], 3 * (g % 100 + 1),
		timestamptz '2026-01-01 00:00 UTC' + g * interval '1 minute', case when g % 3 = 0 then null else 'note "' || g || '"' end
	from generate_series(1, 20000) g;

-- a key of two columns; rows that go with their order
create table shop.order_items (
	order_id uuid references shop.orders on delete cascade, line int, article text not null,
	price numeric(10, 2) not null, primary key (order_id, line));
insert into shop.order_items
	select md5('order ' || g)::uuid, line, 'article ' || (g * line % 500), g % 100 + 1
	from generate_series(1, 20000) g, generate_series(1, 3) line;

-- values stored out of line, which an update does not send again; a generated column
create table shop.documents (
	id bigint generated always as identity primary key, title text not null unique, meta jsonb not null, body text not null,
	size int generated always as (length(body)) stored);
insert into shop.documents (title, meta, body)
	select 'document ' || g, jsonb_build_object('version', 1, 'words', g),
		(select string_agg(md5(g || ':' || i), ' ') from generate_series(1, 100) i)
	from generate_series(1, 4000) g;

-- partitions, and rows that move between them
create table shop.events (
	id bigserial, day date not null, kind text not null, payload jsonb, primary key (id, day)) partition by range (day);
create table shop.events_q1 partition of shop.events for values from ('2026-01-01') to ('2026-04-01');
create table shop.events_q2 partition of shop.events for values from ('2026-04-01') to ('2026-07-01');
create table shop.events_later partition of shop.events default;
insert into shop.events (day, kind, payload)
	select date '2026-01-01' + g % 360, 'kind ' || g % 7, jsonb_build_object('n', g)
	from generate_series(1, 15000) g;

-- no key at all, and rows that are equal
create table shop.journal (at timestamptz not null, payer int, payee int, amount numeric(12, 2));
insert into shop.journal
	select timestamptz '2026-01-01 00:00 UTC' + g / 2 * interval '1 second', g % 100, g % 50, 1
	from generate_series(1, 1000) g;

analyze;
