# shellcheck shell=bash
# How the scripts talk: everything that is progress goes to standard error, so that a program's own output stays clean.

say() {
    printf '%s\n' "$*" >&2
}

# The last words of a script that cannot go on. Always says what to do next.
fail() {
    printf '\n%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# A wrong command line: the usage, and status 2.
fail_usage() {
    printf '%s: %s\n\n' "${0##*/}" "$1" >&2
    usage >&2
    exit 2
}

# The end of a log, indented, for the moment when something went wrong.
say_log_end() {
    [[ -s $1 ]] || return 0
    say "The last lines of $1:"
    tail -n "${2:-20}" -- "$1" | sed 's/^/    /' >&2
}
