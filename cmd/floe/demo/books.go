package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	_ "embed"
)

//go:embed schema.sql
var schema string

// books are two sums that hold after every transaction of the source. A target that ever shows half
// of a transaction, or two tables at different moments, breaks them.
type books struct {
	conn  *pgx.Conn
	looks int
}

func openBooks(ctx context.Context, url string) (*books, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	return &books{conn: conn}, nil
}

func (b *books) Close() { b.conn.Close(context.Background()) }

// Look adds up once, in one statement and so at one moment.
func (b *books) Look(ctx context.Context) error {
	var money, accounts string
	var orders int
	err := b.conn.QueryRow(ctx, `
		select sum(balance)::text, (1000 * count(*))::numeric(20, 2)::text,
			(select count(*) from shop.orders o
				left join (select order_id, sum(price) as sum from shop.order_items group by 1) i on i.order_id = o.id
				where o.total is distinct from i.sum)
		from shop.accounts`).Scan(&money, &accounts, &orders)
	if err != nil {
		return fmt.Errorf("add up the books: %w", err)
	}
	b.looks++
	if money != accounts || orders > 0 {
		return fmt.Errorf("the books do not balance: %s on the accounts instead of %s, %d orders with another total than their items", money, accounts, orders)
	}
	return nil
}
