-- functions, procedures, triggers, and what shows and edits them
CREATE SCHEMA app;
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'SELECT a + b';
CREATE FUNCTION add(a text, b text) RETURNS text LANGUAGE sql AS $$SELECT a || b$$;
CREATE FUNCTION app.first(VARIADIC list anyarray, OUT item anyelement, OUT n bigint) LANGUAGE sql STABLE LEAKPROOF AS $$
  SELECT list[1], cardinality(list)
$$;
CREATE FUNCTION squares(n int) RETURNS TABLE (number int, square int) LANGUAGE plpgsql ROWS 10 SECURITY DEFINER SET search_path = app, pg_temp AS $$
BEGIN
  -- every one of them
  FOR i IN 1..n LOOP
    number := i;
    square := i * i;
    RETURN NEXT;
  END LOOP;
END
$$;
CREATE FUNCTION modern(a int) RETURNS int LANGUAGE sql RETURN a * 2;
CREATE FUNCTION modern_body(a int) RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT a; SELECT a + 1; END;
CREATE PROCEDURE app.store(IN a int, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS $$ BEGIN b := b || a; END $$;
CREATE TABLE item (id int PRIMARY KEY, name text, changed timestamptz);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE INSERT OR UPDATE OF name ON item FOR EACH ROW WHEN (NEW.name IS NOT NULL) EXECUTE FUNCTION touch('an argument', '5');
CREATE TRIGGER late AFTER DELETE ON item REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION touch();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER off BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE item DISABLE TRIGGER off;
ALTER TABLE item ENABLE ALWAYS TRIGGER late;
COMMENT ON FUNCTION add(int, int) IS 'adds';
COMMENT ON TRIGGER touched ON item IS 'upper case';
COMMENT ON PROCEDURE app.store IS 'a procedure';
\df
\df+
\df app.*
\dfn
\dfp app.*
\dft
\df add
\df add text
\df add int -
\df+ modern
\sf add(int, int)
\sf+ squares
\sf app.first
\sf modern
\sf+ modern_body
\sf app.store
\sf touch()
\sf add
\sf nosuch
\d item
\d+ item
\dd
SELECT * FROM squares(3);
SELECT app.first(5, 6, 7), add(1), add('a', 'b'), modern(4);
CALL app.store(1);
CALL app.store(1, 'y') \gdesc
INSERT INTO item VALUES (1, 'low') RETURNING name;
\setenv PSQL_EDITOR cat
\ef modern
\r
\ef squares 3
\r
\ef nosuch
\ef
\r
CREATE VIEW numbers AS SELECT add(1) AS n, modern(2) AS m;
\ev numbers
\r
\sv+ numbers
\ev nosuch
DO $$ BEGIN RAISE NOTICE 'said % and %', 1, 'two' USING HINT = 'a hint', DETAIL = 'a detail'; END $$;
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN RAISE EXCEPTION 'mine' USING ERRCODE = 'P0005'; END $$;
\errverbose
DROP FUNCTION touch();
DROP FUNCTION touch() CASCADE;
\d item
