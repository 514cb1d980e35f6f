-- A star schema of a retailer with three channels, in the manner of TPC-DS.
CREATE TABLE date_dim (
  d_date_sk int PRIMARY KEY, d_date date NOT NULL, d_year int NOT NULL, d_moy int NOT NULL, d_dow int NOT NULL, d_qoy int NOT NULL,
  d_month_seq int NOT NULL, d_week_seq int NOT NULL, d_day_name text NOT NULL
);
CREATE TABLE item (
  i_item_sk int PRIMARY KEY, i_item_id text NOT NULL, i_item_desc text, i_brand_id int, i_brand text, i_class text, i_category text,
  i_manager_id int, i_current_price numeric(7, 2), i_color text
);
CREATE TABLE customer_address (ca_address_sk int PRIMARY KEY, ca_city text, ca_county text, ca_state char(2), ca_zip text, ca_country text, ca_gmt_offset numeric);
CREATE TABLE household_demographics (hd_demo_sk int PRIMARY KEY, hd_buy_potential text, hd_dep_count int, hd_vehicle_count int);
CREATE TABLE customer (
  c_customer_sk int PRIMARY KEY, c_customer_id text NOT NULL, c_current_addr_sk int REFERENCES customer_address, c_current_hdemo_sk int REFERENCES household_demographics,
  c_salutation text, c_first_name text, c_last_name text, c_preferred_cust_flag char(1), c_birth_year int, c_email_address text, c_login text
);
CREATE TABLE store (s_store_sk int PRIMARY KEY, s_store_id text, s_store_name text, s_city text, s_county text, s_state char(2), s_number_employees int);
CREATE TABLE warehouse (w_warehouse_sk int PRIMARY KEY, w_warehouse_name text, w_state char(2));
CREATE TABLE promotion (p_promo_sk int PRIMARY KEY, p_channel_email char(1), p_channel_event char(1));
CREATE TABLE store_sales (
  ss_sold_date_sk int, ss_item_sk int NOT NULL, ss_customer_sk int, ss_hdemo_sk int, ss_addr_sk int, ss_store_sk int, ss_promo_sk int,
  ss_ticket_number int NOT NULL, ss_quantity int, ss_list_price numeric(7, 2), ss_sales_price numeric(7, 2), ss_ext_sales_price numeric(7, 2),
  ss_ext_discount_amt numeric(7, 2), ss_coupon_amt numeric(7, 2), ss_net_paid numeric(7, 2), ss_net_profit numeric(7, 2),
  PRIMARY KEY (ss_item_sk, ss_ticket_number)
);
CREATE TABLE store_returns (sr_returned_date_sk int, sr_item_sk int, sr_customer_sk int, sr_store_sk int, sr_ticket_number int, sr_return_amt numeric(7, 2), sr_net_loss numeric(7, 2));
CREATE TABLE web_sales (ws_sold_date_sk int, ws_item_sk int, ws_bill_customer_sk int, ws_ext_sales_price numeric(7, 2), ws_net_profit numeric(7, 2), ws_quantity int);
CREATE TABLE catalog_sales (cs_sold_date_sk int, cs_item_sk int, cs_bill_customer_sk int, cs_ext_sales_price numeric(7, 2), cs_net_profit numeric(7, 2), cs_quantity int);
CREATE TABLE inventory (inv_date_sk int, inv_item_sk int, inv_warehouse_sk int, inv_quantity_on_hand int);
INSERT INTO date_dim
SELECT i, d, extract(year FROM d), extract(month FROM d), extract(dow FROM d), extract(quarter FROM d), (extract(year FROM d) - 1900) * 12 + extract(month FROM d) - 1, i / 7, to_char(d, 'FMDay')
  FROM (SELECT i, date '1999-01-01' + i AS d FROM generate_series(0, 1200) i) days;
INSERT INTO item SELECT i, 'I' || i, 'item ' || i, i % 9, 'brand ' || i % 9, 'class ' || i % 5, (ARRAY['Books', 'Music', 'Home', 'Sports'])[1 + i % 4], i % 7, i, 'red' FROM generate_series(1, 60) i;
INSERT INTO customer_address SELECT i, 'City ' || i % 9, 'County ' || i % 4, (ARRAY['TN', 'GA', 'CA'])[1 + i % 3], (10000 + i)::text, 'United States', -5 FROM generate_series(1, 80) i;
INSERT INTO household_demographics SELECT i, '>10000', i % 5, i % 3 FROM generate_series(1, 20) i;
INSERT INTO customer SELECT i, 'C' || i, 1 + i % 80, 1 + i % 20, 'Dr.', 'First ' || i, 'Last ' || i, 'Y', 1950 + i % 40, 'c' || i || '@example.com', 'l' || i FROM generate_series(1, 100) i;
INSERT INTO store SELECT i, 'S' || i, 'Store ' || i, 'City ' || i, 'County ' || i % 4, 'TN', 200 + i FROM generate_series(1, 8) i;
INSERT INTO warehouse SELECT i, 'W' || i, 'TN' FROM generate_series(1, 3) i;
INSERT INTO promotion SELECT i, 'N', 'N' FROM generate_series(1, 5) i;
INSERT INTO store_sales
SELECT i % 1200, 1 + i % 60, 1 + i % 100, 1 + i % 20, 1 + i % 80, 1 + i % 8, 1 + i % 5, i, 1 + i % 9, i % 90, i % 80, i % 70, i % 3, i % 2, i % 60, i % 50 FROM generate_series(1, 3000) i;
INSERT INTO store_returns SELECT (i + 9) % 1200, 1 + i % 60, 1 + i % 100, 1 + i % 8, i, i % 40, i % 9 FROM generate_series(1, 600) i;
INSERT INTO web_sales SELECT i % 1200, 1 + i % 60, 1 + i % 100, i % 70, i % 30, i % 4 FROM generate_series(1, 1500) i;
INSERT INTO catalog_sales SELECT i % 1200, 1 + i % 60, 1 + i % 90, i % 70, i % 30, i % 4 FROM generate_series(1, 1500) i;
INSERT INTO inventory SELECT d * 7, i, w, d + i FROM generate_series(0, 100) d, generate_series(1, 10) i, generate_series(1, 3) w;
ANALYZE;
