-- Foreign keys, indexes, views and the function: made after the data, so that loading stays fast.
SET client_min_messages = warning;

ALTER TABLE addresses ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE cards ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE;
ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE payments ADD FOREIGN KEY (card_id) REFERENCES cards;
ALTER TABLE events ADD FOREIGN KEY (customer_id) REFERENCES customers;

CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_placed ON orders (placed_at);
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX events_customer_at ON events (customer_id, at);
CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE INDEX cards_customer ON cards (customer_id);

CREATE VIEW customer_orders AS
  SELECT o.id AS order_id, o.placed_at, o.status, o.total, c.id AS customer_id, c.name, c.email, c.country
  FROM orders o JOIN customers c ON c.id = o.customer_id;

CREATE VIEW revenue_by_month AS
  SELECT date_trunc('month', o.placed_at) AS month, c.country, count(*) AS orders, sum(o.total) AS revenue
  FROM orders o JOIN customers c ON c.id = o.customer_id
  GROUP BY 1, 2;

CREATE VIEW customer_contacts AS
  SELECT c.id, c.name, c.email, c.phone, a.street, a.city, a.postal_code, a.country
  FROM customers c LEFT JOIN addresses a ON a.customer_id = c.id;

CREATE FUNCTION order_total(order_id integer) RETURNS numeric
  LANGUAGE sql STABLE
  AS $$ SELECT sum(i.quantity * i.unit_price) FROM order_items i WHERE i.order_id = $1 $$;

ANALYZE;
