-- The eight tables of the TPC-H specification, with a few made-up rows each.
CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152));
CREATE TABLE nation (
  n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL REFERENCES region, n_comment varchar(152)
);
CREATE TABLE supplier (
  s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, s_nationkey int NOT NULL REFERENCES nation,
  s_phone char(15) NOT NULL, s_acctbal decimal(15, 2) NOT NULL, s_comment varchar(101) NOT NULL
);
CREATE TABLE part (
  p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL,
  p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL, p_retailprice decimal(15, 2) NOT NULL,
  p_comment varchar(23) NOT NULL
);
CREATE TABLE partsupp (
  ps_partkey int REFERENCES part, ps_suppkey int REFERENCES supplier, ps_availqty int NOT NULL,
  ps_supplycost decimal(15, 2) NOT NULL, ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey)
);
CREATE TABLE customer (
  c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL, c_nationkey int NOT NULL REFERENCES nation,
  c_phone char(15) NOT NULL, c_acctbal decimal(15, 2) NOT NULL, c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL
);
CREATE TABLE orders (
  o_orderkey int PRIMARY KEY, o_custkey int NOT NULL REFERENCES customer, o_orderstatus char(1) NOT NULL,
  o_totalprice decimal(15, 2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL,
  o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL
);
CREATE TABLE lineitem (
  l_orderkey int REFERENCES orders, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int,
  l_quantity decimal(15, 2) NOT NULL, l_extendedprice decimal(15, 2) NOT NULL, l_discount decimal(15, 2) NOT NULL,
  l_tax decimal(15, 2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL,
  l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber), FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp
);
INSERT INTO region SELECT i, (ARRAY['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[i + 1], 'r' FROM generate_series(0, 4) i;
INSERT INTO nation SELECT i, (ARRAY['FRANCE', 'GERMANY', 'BRAZIL', 'CANADA', 'SAUDI ARABIA'])[i % 5 + 1], i % 5, 'n' FROM generate_series(0, 24) i;
INSERT INTO supplier SELECT i, 'Supplier ' || i, 'Street ' || i, i % 25, '33-' || i, i * 10, 'Customer Complaints' FROM generate_series(1, 20) i;
INSERT INTO part SELECT i, 'forest green ' || i, 'M' || i % 3, 'Brand#' || 10 + i % 20, 'ECONOMY BRASS', i % 50, 'MED BOX', i, 'p' FROM generate_series(1, 50) i;
INSERT INTO partsupp SELECT p, s, p * s, s, 'ps' FROM generate_series(1, 50) p, generate_series(1, 20) s;
INSERT INTO customer SELECT i, 'Customer ' || i, 'Road ' || i, i % 25, 10 + i % 25 || '-1', i, 'BUILDING', 'c' FROM generate_series(1, 60) i;
INSERT INTO orders
SELECT i, 1 + i % 50, 'F', i * 100, date '1993-01-01' + i * 3, '1-URGENT', 'Clerk', 0, 'special requests' FROM generate_series(1, 300) i;
INSERT INTO lineitem
SELECT o, 1 + o % 50, 1 + (o + l) % 20, l, l * 10, o + l, 0.05, 0.01, 'R', 'O', date '1993-01-01' + o * 3 + l, date '1993-01-10' + o * 3,
       date '1993-01-12' + o * 3, 'DELIVER IN PERSON', (ARRAY['MAIL', 'SHIP', 'AIR'])[1 + l % 3], 'l'
  FROM generate_series(1, 300) o, generate_series(1, 3) l;
ANALYZE;
