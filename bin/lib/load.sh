# shellcheck shell=bash
# Loads everything in this folder that is for loading. bin/setup needs no services and loads less.

_library=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=say.sh
source "$_library/say.sh"
# shellcheck source=tools.sh
source "$_library/tools.sh"
# shellcheck source=process.sh
source "$_library/process.sh"
# shellcheck source=postgres.sh
source "$_library/postgres.sh"
# shellcheck source=redis.sh
source "$_library/redis.sh"
