-- the listing commands with S, + and patterns; sizes are masked, what is long is compared by its digest
CREATE SCHEMA app;
CREATE SCHEMA "Odd.Schema";
CREATE TABLE one (id serial PRIMARY KEY, name text NOT NULL, CONSTRAINT one_name UNIQUE (name));
CREATE TABLE app.two (id int REFERENCES one, note text);
CREATE TABLE "Odd.Schema"."Odd Table" ("Odd Column" int);
CREATE UNLOGGED TABLE fleeting (a int);
CREATE INDEX two_note ON app.two (note);
CREATE VIEW seen AS SELECT name FROM one;
CREATE VIEW app.seen_too AS SELECT 1 AS a;
CREATE SEQUENCE counted AS smallint;
COMMENT ON TABLE one IS 'the first';
COMMENT ON INDEX app.two_note IS 'an index';
COMMENT ON VIEW seen IS 'a view';
COMMENT ON SEQUENCE counted IS 'a sequence';
COMMENT ON SCHEMA app IS 'a schema';
\d
\dt
\dt (app|public|pg_catalog).*o*
\dt app.
\dt app.*
\dt "Odd.Schema".*
\dt "Odd.Schema"."Odd Table"
\dt one|seen
\dt on?
\dt ON?
\dt "ON?"
\dt o[mn]e
\dt (one|two)
\dt postgres.public.one
\dt wrong.public.one
\dt a.b.c.d
\dt nosuch
\di
\di (app|public|pg_catalog).*
\ds
\ds app.*
\dv
\dv *.seen*
\dm
\dE
\dtvs
\dti app.*
\dn
\dn a*
\dn+ app
\dnS
\dnS+ pg_catalog
\pset format unaligned
\o | sed -E 's/\|[0-9]+ (bytes|kB|MB)\|/|SIZE|/'
\d+
\dt+
\di+ *.two_note
\ds+
\dv+
\dm+
\dE+
\dtS+ pg_catalog.pg_am
\diS+ pg_am_oid_index
\dvS+ pg_roles
\dsS+ coun*
\dmS+ nosuch
\dES+ nosuch
\db+
\l+ template1
\o
\pset format aligned
\dS pg_am*
\dtS pg_catalog.pg_c*
\diS pg_class*
\dsS *one*
\dvS pg_stat_a*
\dmS nosuch
\dES nosuch
\dS+ pg_am
\dS pg_catalog.pg_am
\d pg_catalog.pg_roles
\d information_schema.tables
\d+ pg_catalog.pg_tables
-- all that is built in
\o | md5sum
\dS
\dtS (pg_catalog|information_schema).*
\dvS (pg_catalog|information_schema).*
\diS pg_catalog.*
\o
-- functions
\df
\da
\dfS array_agg
\dfa array_agg
\dfaS array_agg
\dfnS lower
\dfpS pg_stat*
\dft
\dftS *trigger
\dfw
\dfwS rank
\dfanS max
\dfa+
\dfaS+ string_agg
\dfn
\dfn+
\dfnS+ date_part
\dfp
\dfp+
\dfpS+
\dft+
\dftS+ unique_key*
\dfw+
\dfwS+ ntile
\df+ lower
\dfS+ pg_get_viewdef
\df pg_catalog.substr text int
\df lower anyrange
\df * circle
\df \+
\dfx lower
\daS max
\daS array_agg anyarray
\da pg_catalog.sum
-- operators, types, casts, collations, conversions, languages
\do
\do+
\doS @@
\doS+ ||
\doS - interval interval
\do pg_catalog.!~*
\dT
\dTS int4
\dTS+ bool*
\dT pg_catalog.tim*
\dT+ numeric
\dD
\dD+
\dC int2
\dC+ money
\dC text
\dO
\dO+
\dOS C
\dOS+ pg_catalog.C
\dc
\dcS *koi8*
\dc+
\dcS+ utf8_to_iso_8859_1
\dL
\dLS
-- access methods, their classes and families
\dA
\dA b*
\dA+ hash
\dAc btree int4
\dAc+ btree text
\dAc hash uuid
\dAf btree bool
\dAp btree int*
\o | md5sum
\dAc
\dAp
\o
-- text search
\dF
\dF english
\dFd
\dFd sv*
\dFd+ english_stem
\dFp
\dFt
\dFt+ snowball
-- what a server of this kind may have none of
\db
\des
\des+
\det
\det+
\deu
\deu+
\dew
\dew+
\dRp
\dRp+
\dRs
\dRs+
\dP
\dP+
\dPt
\dPi
\dPn
\dPtin+
\dX
\dX+
\dy
\dy+
\dl
\dl+
\lo_list
\lo_list+
\dx
\ddp
\drds
\drds postgres postgres
\dd
\ddS pg_catalog.btree
\dd one_name
\dconfig nosuch
\dconfig max_index_keys
\dconfig+ enable_seqs*
-- roles and databases
\du
\du+
\duS pg_monitor
\duS+ pg_read_all_*
\dg
\dg+
\dgS
\dgS+ pg_mon*
\dgS pg_signal_backend
\l
\l postgres
\l template*
\dp
\dp app.two
\z
\z *.seen*
\z "Odd.Schema".*
\dpS
\zS pg_catalog.pg_am
\sv seen
\sv+ app.seen_too
\sv one
\sv nosuch
\sf pg_catalog.pg_get_viewdef
\sf nosuch
\d-
\dtZ
\dq
\d nosuch.one
\d one fleeting
