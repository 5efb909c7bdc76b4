#!/usr/bin/env bash
# A private PostgreSQL or Redis in a folder, for tests that must stop, kill or freeze one. See usage.
# bin/demo and bin/test use the same functions.
set -euo pipefail

# shellcheck source=load.sh
source "$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/load.sh"

usage() {
    cat <<'USAGE'
Usage: bin/lib/service.sh <postgres|redis> <command> <folder> [<source>]

  create    make a throw-away service in the folder, start it, print its URL
  create-member   the same for a Redis that is to join a cluster; those in one parent folder share a password
  follow    make a throw-away PostgreSQL in the folder that follows the one in <source>, start it, print its URL
  start     start it again, on the same port while that is free; print its URL
  stop      end it in good order
  restart   stop and start; print its URL
  kill      end it as a crash would (SIGKILL)
  freeze    stop its clock: connections stay open, nothing answers
  thaw      let it go on
  url       print its URL
  pid       print its process id; nothing when it is down
  destroy   end it and delete the folder
USAGE
}

main() {
    [[ ${1:-} != --help && ${1:-} != -h ]] || {
        usage
        exit 0
    }
    (($# == 3)) || [[ $# == 4 && $2 == follow ]] || fail_usage 'needs a service, a command and a folder.'
    local kind=$1 command=$2 folder
    [[ $kind == postgres || $kind == redis ]] || fail_usage "knows no service \"$kind\"."
    folder=$(readlink -m -- "$3")
    case $command in
        create | create-member)
            local use=throwaway
            [[ $command == create ]] || use=member
            [[ $use == throwaway || $kind == redis ]] || fail_usage 'makes members of Redis only.'
            [[ ! -e $folder/service ]] || fail "there is a service in $folder already."
            mkdir -p -- "${folder%/*}"
            "${kind}_create" "$folder" "$use"
            "${kind}_start" "$folder"
            "${kind}_url" "$folder"
            ;;
        follow)
            [[ ! -e $folder/service ]] || fail "there is a service in $folder already."
            require_service postgres "${4:-}"
            postgres_follow "$folder" "$4"
            postgres_start "$folder"
            postgres_url "$folder"
            ;;
        destroy)
            [[ -f $folder/service ]] || exit 0
            require_service "$kind" "$folder"
            "${kind}_destroy" "$folder"
            ;;
        start | restart)
            require_service "$kind" "$folder"
            [[ $command == start ]] || "${kind}_stop" "$folder"
            "${kind}_start" "$folder"
            "${kind}_url" "$folder"
            ;;
        stop | kill | freeze | thaw | url | pid)
            require_service "$kind" "$folder"
            "${kind}_$command" "$folder"
            ;;
        *) fail_usage "knows no command \"$command\"." ;;
    esac
}

# Also what keeps "destroy" from deleting a folder that is something else.
require_service() {
    [[ -f $2/service && $(<"$2/service") == "$1" ]] || fail "there is no $1 in $2 (create makes one)."
}

main "$@"
