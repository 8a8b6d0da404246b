-- the text search parser, families' rows in the order of PostgreSQL's files, a built-in domain's check
\dDS information_schema.*
\dDS+ information_schema.yes_or_no
\dAf+ btree float8
\o | md5sum
\dAf
\o
\dF+ simple
\dFp+ default
