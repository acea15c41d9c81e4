# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors of ICMP beside conntrack, which must know what they are about; sourced
# behind tests/lib.sh.

# drop_unrelated: as drop_invalid, and each error that is forwarded must be
# RELATED.
drop_unrelated()
{
	drop_invalid
	nft_node <<- END
		table inet related {
			chain forward {
				type filter hook forward priority 0
				meta l4proto icmp ct state != related drop
				meta l4proto icmpv6 ct state != related drop
			}
		}
	END
}

# nothing_unrelated: the end of that; the test fails if a packet was INVALID.
# An error that was dropped is missed by whom it was meant for.
nothing_unrelated()
{
	nothing_invalid
	nft_node <<< "delete table inet related"
	no_conntrack
}
