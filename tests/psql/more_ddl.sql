-- \d of generated columns, views with options, materialized views, unlogged tables, replica identity, clustering.
CREATE TABLE item (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price numeric NOT NULL, n int, total numeric GENERATED ALWAYS AS (price * n) STORED) WITH (fillfactor=80);
CREATE UNIQUE INDEX item_u ON item (price, id);
ALTER TABLE item CLUSTER ON item_u;
ALTER TABLE item REPLICA IDENTITY USING INDEX item_u;
ALTER TABLE item ALTER n SET STATISTICS 300;
CREATE UNLOGGED TABLE ul (a serial);
CREATE VIEW cheap WITH (security_barrier) AS SELECT id, price FROM item WHERE price < 2 WITH CHECK OPTION;
ALTER VIEW cheap ALTER price SET DEFAULT 1;
CREATE MATERIALIZED VIEW sums AS SELECT n, sum(total) FROM item GROUP BY n;
CREATE UNIQUE INDEX ON sums (n);
COMMENT ON MATERIALIZED VIEW sums IS 'sums of items';
\d item
\d+ item
\d ul
\d ul_a_seq
\d cheap
\d+ cheap
\d sums
\d+ sums
\d sums_n_idx
\dm
\d
\dv
\di
ALTER TABLE item REPLICA IDENTITY FULL;
\d+ item
ALTER TABLE item REPLICA IDENTITY NOTHING;
\d+ item
CREATE TABLE fk (a int REFERENCES item (id));
ALTER TABLE fk ALTER CONSTRAINT fk_a_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE fk ADD CHECK (a > 0) NOT VALID;
\d fk
