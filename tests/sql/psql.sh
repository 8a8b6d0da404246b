# psql.sh - how one SQL file is run; the recorder and the runner share it, so that both see the same
#
# Input is echoed (-a), tags and column names shown, NULL told from the empty string. Verbose errors carry
# SQLSTATE, detail, hint, position and the names of table, column and constraint; only their LOCATION line,
# which names a line of the server's own source, is dropped.
#
# A COPY FROM STDIN that fails before it takes data has a line "\." behind it: psql since 15.19 skips data
# after it all the same, an older one takes that line for a command. What it says about it is dropped.

# The socket's directory, \timing's times and the dates of \watch differ from run to run, and so they are hidden.

# sql_run SOCKET_DIR FILE - print what psql prints for FILE in database postgres
sql_run() {
    timeout "${SQL_TIMEOUT:-120}" psql -X -a -h "$1" -U postgres -d postgres -v VERBOSITY=verbose \
        -P null='<NULL>' -P pager=off <"$2" 2>&1 | sed '/^LOCATION:  /d' |
        sed '/^\\\.$/{N;/\ninvalid command \\\.$/d}' |
        sed "s|$1|SOCKET_DIR|g; s/^Time: [0-9.]* ms.*/Time: SOME ms/
            s/^[A-Z][a-z][a-z] [A-Z][a-z][a-z] .* \\((every [0-9.]*s)\\)$/DATE \\1/"
}
