-- listings and definitions that need names of functions at run time, text search parsers, rows in the order of PostgreSQL's files
\dTS *[]
\dDS information_schema.*
\dDS+ information_schema.yes_or_no
\dL+
\dLS+ sql
\dAf+ btree float8
\o | md5sum
\dAf
\o
\dAp+ hash text_ops
\dF+ simple
\dFp+ default
\sf lower(text)
\sf pg_get_keywords
\sf+ pg_catalog.to_timestamp(double precision)
\dAo btree uuid_ops
\dAo+ hash uuid_ops
\o | md5sum
\dAo
\o
\dx+ plpgsql
