#!/usr/bin/env bash
# Installs Debian or Ubuntu packages as root, for bin/setup: the only part of the scripts that changes the machine.
#
# The packages of database servers set up a server of their own and start it, now and at each boot. Nobody asked for
# that here, so while we install
#   - a setting tells the PostgreSQL package not to make its "main" cluster,
#   - a policy tells the service scripts not to start PostgreSQL, Redis and HAProxy,
# and both are taken away again at the end; afterwards the services of Redis and HAProxy are off, if it was us who installed them.
# A server that was there before is left as it is.
set -euo pipefail

readonly cluster_setting=/etc/postgresql-common/createcluster.d/family-pairing-setup.conf
readonly start_policy=/usr/sbin/policy-rc.d
made_cluster_setting=
made_start_policy=

main() {
    local service clusters_before
    local -a new=()
    for service in redis-server haproxy; do
        is_installed "$service" || new+=("$service")
    done
    clusters_before=$(list_clusters)
    trap take_back EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    forbid_cluster
    forbid_start
    apt_get install --no-install-recommends "$@"
    for service in "${new[@]}"; do
        ! is_installed "$service" || switch_off "$service"
    done
    if [[ $(list_clusters) != "$clusters_before" ]]; then
        echo "The PostgreSQL package made a cluster of its own, which this project does not use (pg_lsclusters shows it)." >&2
    fi
}

# Also keeps needrestart, where present, from restarting other services of this machine.
apt_get() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

list_clusters() {
    local cluster
    for cluster in /etc/postgresql/*/*/postgresql.conf; do
        [[ ! -e $cluster ]] || printf '%s\n' "$cluster"
    done
}

forbid_cluster() {
    [[ ! -e $cluster_setting ]] || return 0
    mkdir -p "${cluster_setting%/*}"
    made_cluster_setting=yes
    printf 'create_main_cluster = false\n' >"$cluster_setting"
}

# A policy that the machine has already (containers do) stays.
forbid_start() {
    [[ ! -e $start_policy && ! -L $start_policy ]] || return 0
    made_start_policy=yes
    cat >"$start_policy" <<'POLICY'
#!/bin/sh
# Of Family Pairing's bin/setup, while it installs packages; it takes this file away again.
for word in "$@"; do
    case $word in postgresql* | redis* | haproxy*) exit 101 ;; esac
done
exit 0
POLICY
    chmod 755 "$start_policy"
}

take_back() {
    [[ -z $made_start_policy ]] || rm -f "$start_policy"
    [[ -z $made_cluster_setting ]] || {
        rm -f "$cluster_setting"
        rmdir --ignore-fail-on-non-empty "${cluster_setting%/*}"
    }
}

switch_off() {
    if command -v systemctl >/dev/null; then
        systemctl --quiet disable "$1.service" >/dev/null 2>&1 || true
        # Only where the machine had a policy of its own that let it start.
        [[ ! -d /run/systemd/system ]] || systemctl --quiet stop "$1.service" || true
    else
        update-rc.d "$1" disable >/dev/null 2>&1 || true
        service "$1" stop >/dev/null 2>&1 || true
    fi
}

main "$@"
