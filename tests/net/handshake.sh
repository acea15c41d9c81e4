#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP connections whose endpoint is removed before it has answered.  It may
# still do so: the client must not become connected to it, and must not hear of
# it either, for it would reset what it may have begun there meanwhile.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# The packets are made by handshake.py, between $wire_client and $wire_ep.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	must service add web tcp "$wire_vip:80" endpoint "$wire_ep:8080"
}

removed_and_back()
{
	wire begins
	must endpoint del web "$wire_ep:8080"
	wire answered_too_late
	must endpoint add web "$wire_ep:8080"
	wire goes_on
}

removed()
{
	local before

	before=$(stat drop_stale)
	removed_and_back
	check_is "drop_stale" "$(stat drop_stale)" $((before + 1))
}

masqueraded()
{
	must config set masquerade-all on
	removed_and_back
	must config set masquerade-all off
}

removed_with_its_service()
{
	wire begins
	must service del web
	wire answered_too_late
	must service add web tcp "$wire_vip:80" endpoint "$wire_ep:8080"
	wire goes_on
}

beside_conntrack()
{
	must flow flush
	drop_invalid
	removed_and_back
	nothing_invalid
	no_conntrack
}

setup_topology
wire_start handshake.py
run_tests_for "4 6" \
	removed \
	masqueraded \
	removed_with_its_service \
	beside_conntrack
