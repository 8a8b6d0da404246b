# suite.sh - run one test suite and read its counts; sourced by ./test and tools/check-all.sh
#
# A suite is a program whose last line is "N passed, N failed".

# suite_run LOG SECONDS COMMAND... - run a suite, at most so long; sets passed, failed and seconds, and
# shows the end of its log when something failed.
suite_run() {
    suite_log=$1
    suite_most=$2
    shift 2
    suite_started=$(date +%s)
    timeout "$suite_most" "$@" >"$suite_log" 2>&1 </dev/null
    suite_status=$?
    seconds=$(($(date +%s) - suite_started))
    suite_counts=$(tail -n 1 "$suite_log" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
    passed=${suite_counts% *}
    failed=${suite_counts#* }
    # No summary, or a bad exit code without a failed case: the suite itself broke.
    if [ -z "$suite_counts" ]; then
        passed=0
        failed=1
    elif [ "$suite_status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    if [ "$failed" -ne 0 ]; then
        tail -n 60 "$suite_log"
    fi
}

# suite_line NAME - one line of the table, from what suite_run set
suite_line() {
    printf '%-18s %6d passed, %d failed  (%d s)\n' "$1" "$passed" "$failed" "$seconds"
}
