# psql.sh - how one SQL file is run; the recorder and the runner share it, so that both see the same
#
# Input is echoed (-a), tags and column names shown, NULL told from the empty string. Verbose errors carry
# SQLSTATE, detail, hint, position and the names of table, column and constraint; only their LOCATION line,
# which names a line of the server's own source, is dropped.
#
# A COPY FROM STDIN that fails before it takes data has a line "\." behind it: psql since 15.19 skips data
# after it all the same, an older one takes that line for a command. What it says about it is dropped.

# sql_run SOCKET_DIR FILE - print what psql prints for FILE in database postgres
sql_run() {
    timeout "${SQL_TIMEOUT:-120}" psql -X -a -h "$1" -U postgres -d postgres -v VERBOSITY=verbose \
        -P null='<NULL>' -P pager=off <"$2" 2>&1 | sed '/^LOCATION:  /d' |
        sed '/^\\\.$/{N;/\ninvalid command \\\.$/d}'
}
