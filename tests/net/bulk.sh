#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Much data, in packets of every shape: every byte arrives, and no receiver
# finds a wrong checksum.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
bytes=6000000
[ "$slow" = 1 ] || bytes=1500000

from_everywhere()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		bulk "$ns" "$bytes" "$vip:80"
	done
}

# average WHICH: bytes in a packet, of the requests or the replies
average()
{
	local name value bytes=0

	while read -r name value; do
		case $name in
		*"$1"_bytes*) bytes=${value%,} ;;
		*"$1"_packets*) echo $((bytes / ${value%,})) ;;
		esac
	done < <(ctl -j -p stats show web | sort)
}

segmented_late()
{
	from_everywhere
	# Else this is not about what it should be about.
	check_num "request, bytes in a packet" "$(average request) > 3000"
	check_num "reply, bytes in a packet" "$(average reply) > 3000"
}

no_offload_at_the_ends()
{
	offload "$client" eth0 tx off tso off gso off
	offload "$pod" eth0 tx off tso off gso off
	from_everywhere
	offload "$eps" eth0 tx off tso off gso off
	from_everywhere
}

merged_on_the_node()
{
	offload "$node" client gro on
	offload "$node" eps gro on
	from_everywhere
}

no_offload_at_all()
{
	offload "$node" client gro off tx off tso off gso off sg off
	offload "$node" eps gro off tx off tso off gso off sg off
	from_everywhere
}

no_offload_on_the_node()
{
	offload "$client" eth0 tx on tso on gso on
	offload "$pod" eth0 tx on tso on gso on
	offload "$eps" eth0 tx on tso on gso on
	from_everywhere
}

datagrams_in_fragments()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}, 3 fragments" "$ns" -u -n 20 -l 4000 "$vip:80"
		asked "${ns%-*}, largest" "$ns" -u -n 5 -l 65000 "$vip:80"
		# Only the answer, which is longer by a line.
		asked "${ns%-*}, answer" "$ns" -u -n 20 -l 1470 "$vip:80"
	done
	offload "$node" eps tx on tso on gso on
	asked "one side with offload" "$client" -u -n 20 -l 4000 "$vip:80"
}

datagrams_without_checksum()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}, request" "$ns" -u -z -n 20 "$vip:80"
		asked "${ns%-*}, answer" "$ns" -u -n 20 "$vip:81"
		asked "${ns%-*}, both" "$ns" -u -z -n 20 "$vip:81"
		asked "${ns%-*}, in fragments" "$ns" -u -z -l 4000 "$vip:81"
	done
}

empty_and_odd_datagrams()
{
	local len

	for len in 0 1 3 1471; do
		asked "$len bytes" "$client" -u -l "$len" "$vip:80"
		asked "$len bytes" "$node" -u -l "$len" "$vip:80"
	done
}

no_wrong_checksum()
{
	local ns

	for ns in "$client" "$pod" "$eps" "$node"; do
		check_is "errors in ${ns%-*}" "$(snmp "$ns" TcpInCsumErrors \
			UdpInCsumErrors IpExtInCsumErrors IpInHdrErrors \
			TcpInErrs UdpInErrors)" 0
	done
}

setup_topology
serve "$eps" 80 81/nocheck
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	service add udp udp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	service add nocheck udp $vip:81 endpoint 10.2.0.1:81
END
run_tests \
	segmented_late \
	no_offload_at_the_ends \
	merged_on_the_node \
	no_offload_at_all \
	no_offload_on_the_node \
	datagrams_in_fragments \
	datagrams_without_checksum \
	empty_and_odd_datagrams \
	no_wrong_checksum
