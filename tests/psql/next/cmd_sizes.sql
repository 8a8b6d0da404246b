-- commands that show sizes and settings as they are
\dconfig
\l+ nosuch
\db+
\dconfig+ autovacuum
