# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Rules for the node that see what conntrack calls INVALID; sourced by
# tests/lib.sh.
# shellcheck disable=SC2154  # variables from those who source it

# drop_invalid: what conntrack calls INVALID is counted and dropped on the node,
# but for redirects: they quote packets that it has not confirmed yet.
drop_invalid()
{
	nft_node <<- END
		table inet guard {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0
				ct state invalid counter name invalid drop
			}
			chain input {
				type filter hook input priority 0
				ct state invalid counter name invalid drop
			}
			chain output {
				type filter hook output priority 0
				icmp type redirect accept
				icmpv6 type nd-redirect accept
				ct state invalid counter name invalid drop
			}
		}
	END
}

# nothing_invalid: the test fails if there was such a packet since it was asked
# last.
nothing_invalid()
{
	local line

	while read -r line; do
		[[ $line != *packets* || $line == "packets 0 "* ]] ||
			fail "invalid: $line"
	done < <(ip netns exec "$node" nft reset counters table inet guard)
}

# no_conntrack: without the rules above the node tracks nothing.
no_conntrack()
{
	nft_node <<< "delete table inet guard"
}
