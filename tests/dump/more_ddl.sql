-- Generated columns, updatable views with options, materialized views, storage parameters and marks of tables.
CREATE SCHEMA app;
CREATE TABLE app.item (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    price numeric(10,2) NOT NULL,
    quantity integer DEFAULT 1,
    total numeric GENERATED ALWAYS AS (price * (quantity)::numeric) STORED,
    label text
) WITH (fillfactor=80, autovacuum_enabled=false);
CREATE INDEX item_label ON app.item (lower(label)) WITH (fillfactor=70);
CREATE UNIQUE INDEX item_ident ON app.item (price, id);
ALTER TABLE app.item CLUSTER ON item_ident;
ALTER TABLE app.item ALTER label SET NOT NULL;
ALTER TABLE app.item ALTER label SET STATISTICS 300;
ALTER TABLE app.item ALTER price SET (n_distinct = 50);
ALTER TABLE app.item ALTER label SET STORAGE EXTERNAL;
ALTER TABLE app.item REPLICA IDENTITY USING INDEX item_ident;
INSERT INTO app.item (price, quantity, label) VALUES (1.50, 2, 'one'), (2.25, 4, 'two');
CREATE UNLOGGED TABLE app.cache (k text PRIMARY KEY, v text);
INSERT INTO app.cache VALUES ('a', 'b');
ALTER TABLE app.cache REPLICA IDENTITY FULL;
CREATE VIEW app.cheap WITH (security_barrier=true) AS SELECT id, price, label FROM app.item WHERE price < 2 WITH LOCAL CHECK OPTION;
CREATE VIEW app.cheap_labels AS SELECT label FROM app.cheap WITH CASCADED CHECK OPTION;
ALTER VIEW app.cheap ALTER COLUMN label SET DEFAULT 'cheap';
CREATE VIEW app.split AS SELECT id, regexp_split_to_table(label, 'o') AS part FROM app.item;
CREATE MATERIALIZED VIEW app.sums WITH (fillfactor=50) AS SELECT quantity, sum(total) AS total FROM app.item GROUP BY quantity;
CREATE UNIQUE INDEX sums_quantity ON app.sums (quantity);
CREATE MATERIALIZED VIEW app.empty AS SELECT * FROM app.sums WITH NO DATA;
COMMENT ON MATERIALIZED VIEW app.sums IS 'what things cost';
COMMENT ON COLUMN app.sums.total IS 'the sum';
COMMENT ON SCHEMA app IS 'the application';
COMMENT ON VIEW app.cheap IS 'below two';
CREATE TABLE app.part (LIKE app.item INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES);
ALTER TABLE app.part ADD CONSTRAINT part_item FOREIGN KEY (id) REFERENCES app.item (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE app.part ADD CONSTRAINT part_price CHECK (price > 0) NOT VALID;
CREATE TEMP TABLE gone (a int);
