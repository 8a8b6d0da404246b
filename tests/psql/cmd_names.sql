-- functions, operators and types by name: signatures read and written, definitions of what is built in
\dTS *[]
\dL+
\dLS+ sql
\dAp+ hash text_ops
\sf lower(text)
\sf pg_get_keywords
\sf+ pg_catalog.to_timestamp(double precision)
\dAo btree uuid_ops
\dAo+ hash uuid_ops
\o | md5sum
\dAo
\o
\dx+ plpgsql
