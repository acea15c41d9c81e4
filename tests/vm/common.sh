# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts in tests/vm; sourced, never run.
# shellcheck disable=SC2034  # used by those who source it

set -euo pipefail
umask 022

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# Everything we build ourselves lives here, outside the repository.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/svcnat

# A make that runs us must not lend its flags and jobs to the ones we run.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL ARCH CROSS_COMPILE KBUILD_OUTPUT

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

note()
{
	echo "${0##*/}: $*" >&2
}

# usage: prints the comment block on top of the calling script.
usage()
{
	awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0"
}

# lock FILE: holds FILE locked until this process ends; says so if it has to
# wait.
lock()
{
	mkdir -p "$(dirname "$1")"
	exec {lock_fd}> "$1"
	flock -n "$lock_fd" && return
	note "waiting for another $(basename "$1" .lock) to end"
	flock "$lock_fd"
}

# unlock: lets go of what lock() holds; children that outlive us must not
# inherit it.
unlock()
{
	exec {lock_fd}>&-
}
