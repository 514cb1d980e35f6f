-- A small shop. Loaded once per database by main/demonstration; everything below is made up.
-- Foreign keys and indexes come after the rows (objects.sql): checking in bulk is several times faster.
SET client_min_messages = warning;

CREATE TABLE customers (
  id          integer PRIMARY KEY,
  name        text        NOT NULL,
  email       text        NOT NULL UNIQUE,
  phone       text,
  national_id text        NOT NULL,
  birth_date  date        NOT NULL,
  country     char(2)     NOT NULL,
  created_at  timestamptz NOT NULL
);

CREATE TABLE addresses (
  id          integer PRIMARY KEY,
  customer_id integer NOT NULL,
  street      text    NOT NULL,
  city        text    NOT NULL,
  postal_code text    NOT NULL,
  country     char(2) NOT NULL
);

CREATE TABLE cards (
  id          integer PRIMARY KEY,
  customer_id integer NOT NULL,
  holder      text    NOT NULL,
  number      text    NOT NULL,
  brand       text    NOT NULL,
  expires     date    NOT NULL
);

CREATE TABLE products (
  id          integer PRIMARY KEY,
  sku         text           NOT NULL UNIQUE,
  name        text           NOT NULL,
  category    text           NOT NULL,
  price       numeric(10, 2) NOT NULL CHECK (price > 0),
  description text
);

CREATE TABLE orders (
  id          integer PRIMARY KEY,
  customer_id integer        NOT NULL,
  status      text           NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'delivered', 'returned')),
  placed_at   timestamptz    NOT NULL,
  total       numeric(12, 2) NOT NULL,
  note        text
);

CREATE TABLE order_items (
  order_id   integer        NOT NULL,
  product_id integer        NOT NULL,
  quantity   integer        NOT NULL CHECK (quantity > 0),
  unit_price numeric(10, 2) NOT NULL,
  PRIMARY KEY (order_id, product_id)
);

CREATE TABLE payments (
  id       integer PRIMARY KEY,
  order_id integer        NOT NULL,
  card_id  integer       ,
  amount   numeric(12, 2) NOT NULL,
  method   text           NOT NULL,
  status   text           NOT NULL,
  paid_at  timestamptz
);

CREATE TABLE events (
  id          bigint PRIMARY KEY,
  customer_id integer    ,
  kind        text        NOT NULL,
  at          timestamptz NOT NULL,
  payload     jsonb       NOT NULL
);

COMMENT ON TABLE customers IS 'Everyone who ever ordered';
COMMENT ON COLUMN customers.national_id IS 'Identity number of the customer''s country';
COMMENT ON TABLE events IS 'What customers did on the site';
