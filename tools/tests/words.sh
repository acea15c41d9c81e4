#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: tools/tests/words.sh
#
# What svcctl makes of its words, without the module: malformed ones and those
# of later versions end with status 1 and one line on stderr, and nothing is
# sent; well-formed ones end with status 3, for there is no module.
#
# SVCCTL names the program, if it is not tools/svcctl.

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd)
. "$repo/tests/ktap.sh"

svcctl=${SVCCTL:-$repo/tools/svcctl}
if [ ! -x "$svcctl" ] && ! make -s -C "$repo/tools" svcctl >&2; then
	echo "1..0 # SKIP svcctl cannot be built"
	exit 4
fi
if [ -e /sys/module/svcnat ]; then
	echo "1..0 # SKIP the module is loaded"
	exit 4
fi

tmp=$(mktemp -d) || exit
trap 'rm -rf "$tmp"' EXIT
unset NO_COLOR

# run WORD...: stdout and stderr go to files, the exit status to $status.
run()
{
	status=0
	"$svcctl" "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null || status=$?
}

# refused STATUS SENTENCE WORD...: nothing on stdout and one line on stderr,
# that has SENTENCE, a pattern of the shell, behind "svcctl: ".
refused()
{
	local want=$1 pattern=$2 ok=1 line
	shift 2

	run "$@"
	line=$(cat "$tmp/err")
	# shellcheck disable=SC2053 # it is a pattern
	if [ $status = "$want" ] && [ ! -s "$tmp/out" ] &&
	   [ "$(wc -l < "$tmp/err")" = 1 ] && [[ $line == "svcctl: "$pattern ]]
	then
		ok=0
	fi
	line="$(printf '%q ' "$@")"
	[ ${#line} -le 70 ] || line="${line:0:70}..."
	line=${line//#/}
	result $ok "status $want: $line" "$tmp/err"
}

# Reads lines "SENTENCE | WORDS" from stdin.
refused_all()
{
	local sentence words

	while IFS='|' read -r sentence words; do
		read -ra words <<< "$words"
		refused "$1" "${sentence%"${sentence##*[! ]}"}" "${words[@]}"
	done
}

# passes NAME COMMAND...
passes()
{
	local name=$1 ok=0
	shift

	"$@" > "$tmp/report" 2>&1 || ok=1
	result $ok "$name" "$tmp/report"
}

equal()
{
	[ "$1" = "$2" ] && return
	echo "got: $1"
	echo "expected: $2"
	return 1
}

echo "KTAP version 1"

refused_all 1 << 'END'
doctor: unknown word "x" | doctor x
unknown word "serv", did you mean "service"? | serv show
unknown word "Service", did you mean "service"? | Service show
unknown word "hlep", did you mean "help"? | hlep
unknown word "-j" | -- -j
service: expected a command after "service" | service
service: unknown word "sho", did you mean "show"? | service sho
service: unknown word "delete", did you mean "del"? | service delete web
service: unknown word "list" | service list
service add: expected the name of a service after "add" | service add
service add: expected protocol after "web" | service add web
service add: unknown word "icmp" for protocol, expected tcp, udp or sctp | service add web icmp
service add: unknown word "TCP" for protocol, did you mean "tcp"? | service add web TCP
service add: "a#b" is no service name* | service add a#b tcp
service add: "a$b" is no service name* | service add a$b tcp
service add: "10.1:80" is no address and port* | service add web tcp 10.1:80
service add: "10.0.0.1:65536" is no * | service add web tcp 10.0.0.1:65536
service add: "10.0.0.1:080" is no * | service add web tcp 10.0.0.1:080
service add: "10.0.0.01:80" is no * | service add web tcp 10.0.0.01:80
service add: "10.0.0.1:-1" is no * | service add web tcp 10.0.0.1:-1
service add: "10.0.0.1:8o" is no * | service add web tcp 10.0.0.1:8o
service add: "0x0a000001:80" is no * | service add web tcp 0x0a000001:80
service add: "fd00::10:80" is no * | service add web tcp fd00::10:80
service add: "[[]fd00::10]" is no * | service add web tcp [fd00::10]
service add: "[[]10.0.0.1]:80" is no * | service add web tcp [10.0.0.1]:80
service add: "[[]fe80::1%lo]:80" is no * | service add web tcp [fe80::1%lo]:80
service add: unknown word "10.0.0.1" | service add web tcp 10.0.0.1
service add: unknown word "affinities" | service add web tcp affinities 3h
service add: unknown word "affinitx", did you mean "affinity"? | service add web tcp affinitx 3h
service add: unknown word "enpdoint", did you mean "endpoint"? | service add web tcp 10.0.0.1:80 enpdoint 10.0.0.2:80
service add: expected a duration after "affinity" | service add web tcp affinity
service add: "1d" is no value for affinity* | service add web tcp affinity 1d
service add: "-1" is no value for affinity* | service add web tcp affinity -1
service add: "1h1m" is no value for affinity* | service add web tcp affinity 1h1m
service add: "99999999h" is no value for * | service add web tcp affinity 99999999h
service add: "affinity" is given twice | service add web tcp affinity 3h affinity off
service add: "scheduler" is given twice | service add web tcp scheduler random scheduler random
service add: unknown word "best" for scheduler, expected random, rr, lc or maglev | service add web tcp scheduler best
service add: expected scheduler after "scheduler" | service add web tcp scheduler
service add: unknown word "wrr" for scheduler, did you mean "rr"? | service add web tcp scheduler wrr
service add: unknown word "none" for internal-policy, expected cluster or local | service add web tcp internal-policy none
service set: unknown word "remote" for external-policy, expected cluster or local | service set web external-policy remote
service set: "external-policy" is given twice | service set web external-policy local external-policy local
service add: unknown word "drop" for on-removal, expected keep or reset | service add web tcp on-removal drop
service add: expected ADDR:PORT after "frontend" | service add web tcp frontend
service add: expected ADDR:PORT after "endpoint" | service add web tcp endpoint
service add: "kind" is given twice | service add web tcp frontend 10.0.0.1:80 kind cluster kind cluster
service add: unknown word "nodeport" | service add web tcp nodeport 30080
service add: unknown word "nodeport" for protocol, expected tcp, udp or sctp | service add web nodeport 30080
service add: unknown word "kind" | service add web tcp frontend nodeport 30080 kind lb
service add: unknown word "allow" | service add web tcp allow 10.0.0.0/8
service add: unknown word "allow" | service add web tcp frontend nodeport 30080 allow 10.0.0.0/8
service add: "10.0.0.1/31" has bits set behind its prefix, expected 10.0.0.0/31 | service add web tcp 10.0.0.1:80 kind lb allow 10.0.0.1/31
service add: unknown word "weight" | service add web tcp weight 3
service add: unknown word "weight" | service add web tcp 10.0.0.1:80 weight 3
service add: unknown word "kind" | service add web tcp endpoint 10.0.0.1:80 kind cluster
service add: unknown word "kind" | service add web tcp kind cluster
service add: "10.0.0.2:80" follows an endpoint* | service add web tcp endpoint 10.0.0.1:80 10.0.0.2:80
service replace: unknown word "show" | service replace web udp show
service set: expected the name of a service after "set" | service set
service set: expected an option after "web" | service set web
service set: unknown word "tcp" | service set web tcp
service set: unknown word "endpoint" | service set web endpoint 10.0.0.1:80
service set: unknown word "x" | service set web affinity off x
service del: expected the name of a service after "del" | service del
service del: unknown word "other" | service del web other
service show: unknown word "other" | service show web other
service show: "-s,a" is no service name* | service show -s,a
service flush: unknown word "web" | service flush web
frontend: unknown word "set" | frontend set web 10.0.0.1:80
frontend add: expected ADDR:PORT after "web" | frontend add web
frontend add: unknown word "10.0.0.2:80" | frontend add web 10.0.0.1:80 10.0.0.2:80
frontend add: unknown word "weird" for kind, expected cluster, external, lb or nodeport | frontend add web 10.0.0.1:80 kind weird
frontend add: expected kind after "kind" | frontend add web 10.0.0.1:80 kind
frontend add: a nodeport has no address, expected "nodeport PORT" in its place | frontend add web 10.0.0.1:80 kind nodeport
frontend add: expected a range of addresses after "allow" | frontend add web 10.0.0.1:80 kind lb allow
frontend add: "none" is no range of addresses for allow, expected 192.0.2.0/24 or 2001:db8::/32 | frontend add web 10.0.0.1:80 allow none
frontend add: "10.0.0.0/33" is no range of * | frontend add web 10.0.0.1:80 allow 10.0.0.0/33
frontend add: "10.0.0.0/8,11.0.0.0/8" is no range of * | frontend add web 10.0.0.1:80 allow 10.0.0.0/8,11.0.0.0/8
frontend add: "[[]fd00::]/8" is no range of * | frontend add web 10.0.0.1:80 allow [fd00::]/8
frontend add: "10.0.0.1/8" has bits set behind its prefix, expected 10.0.0.0/8 | frontend add web 10.0.0.1:80 kind lb allow 10.0.0.1/8
frontend add: "fd00::1/9" has bits set behind its prefix, expected fd00::/9 | frontend add web 10.0.0.1:80 kind lb allow 10.0.0.0/8 allow fd00::1/9
frontend add: expected a number after "nodeport" | frontend add web nodeport
frontend add: "65536" is no value for nodeport, expected a number from 0 to 65535 | frontend add web nodeport 65536
frontend add: "10.0.0.1:80" is no value for nodeport, * | frontend add web nodeport 10.0.0.1:80
frontend add: unknown word "kind" | frontend add web nodeport 30080 kind lb
frontend add: unknown word "allow" | frontend add web nodeport 30080 allow 10.0.0.0/8
frontend del: expected a number after "nodeport" | frontend del web nodeport
frontend del: unknown word "allow" | frontend del web 10.0.0.1:80 allow 10.0.0.0/8
frontend del: unknown word "kind" | frontend del web 10.0.0.1:80 kind cluster
frontend show: unknown word "x" | frontend show web x
endpoint: unknown word "drains", did you mean "drain"? | endpoint drains web 10.0.0.1:80
endpoint add: expected ADDR:PORT after "web" | endpoint add web
endpoint add: "web" is no address and port* | endpoint add web web
endpoint add: "65536" is no value for weight, * | endpoint add web 10.0.0.1:80 weight 65536
endpoint add: "-1" is no value for weight, * | endpoint add web 10.0.0.1:80 weight -1
endpoint add: "1.5" is no value for weight, * | endpoint add web 10.0.0.1:80 weight 1.5
endpoint add: "01" is no value for weight, * | endpoint add web 10.0.0.1:80 weight 01
endpoint add: expected a number after "weight" | endpoint add web 10.0.0.1:80 weight
endpoint add: "weight" is given twice | endpoint add web 10.0.0.1:80 weight 1 weight 1
endpoint add: "state" is given twice | endpoint add web 10.0.0.1:80 state ready state ready
endpoint add: "remote" is one too many of local, remote, local-only | endpoint add web 10.0.0.1:80 local remote
endpoint add: unknown word "down" for state, expected ready, terminating or unready | endpoint add web 10.0.0.1:80 state down
endpoint add: unknown word "weihgt", did you mean "weight"? | endpoint add web 10.0.0.1:80 weihgt 3
endpoint add: unknown word "loacl", did you mean "local"? | endpoint add web 10.0.0.1:80 loacl
endpoint set: expected an option after "10.0.0.1:80" | endpoint set web 10.0.0.1:80
endpoint del: unknown word "weight" | endpoint del web 10.0.0.1:80 weight 1
affinity: unknown word "del" | affinity del web
affinity flush: unknown word "x" | affinity flush web x
flow: unknown word "add" | flow add web
flow show: "a,b" is no service name* | flow show a,b
config: expected a command after "config" | config
flow show: unknown word "vip" | flow show web vip 10.96.0.1
flow show: unknown word "db" | flow show web db
flow show: "client" is given twice | flow show web client 10.0.0.1 client 10.0.0.2
flow show: expected a range of addresses after "client" | flow show web client
flow show: "10.0.0.1:80" is no range of addresses for client, * | flow show client 10.0.0.1:80
flow show: "10.0.0.1/8" has bits set behind its prefix, expected 10.0.0.0/8 | flow show client 10.0.0.1/8
flow show: expected ADDR or ADDR:PORT after "endpoint" | flow show web endpoint
flow show: "10.0.0.0/8" is no address for endpoint, * | flow show endpoint 10.0.0.0/8
flow show: "10.0.0.1/32" is no address for endpoint, * | flow show endpoint 10.0.0.1/32
flow show: "10.0.0.1:65536" is no address for endpoint, * | flow show endpoint 10.0.0.1:65536
flow show: "[[]fd00::1]" is no address for endpoint, * | flow show endpoint [fd00::1]
flow show: "endpoint" is given twice | flow show endpoint 10.0.0.1 state closed endpoint 10.0.0.1
flow show: unknown word "open" for state* | flow show state open
flow show: "state" is given twice | flow show web state closed state closed
flow show: expected state after "state" | flow show web state
flow flush: unknown word "client" | flow flush web client 10.0.0.1
top: unknown word "web" | top web
top: expected a duration after "interval" | top interval
top: "0" is no value for interval, expected at least 1s | top interval 0
top: "0.5" is no value for interval, * | top interval 0.5
top: "2d" is no value for interval, * | top interval 2d
top: unknown word "interval" | top interval 1s interval 2s
top: it prints no JSON | -j top
top: it needs a terminal; * | top
top: it needs a terminal; * | top interval 10s
config show: unknown word "max-flows" | config show max-flows
config set: expected a key after "set" | config set
config set: unknown word "maxflows", did you mean "max-flows"? | config set maxflows 1
config set: expected a number after "max-flows" | config set max-flows
config set: "4294967296" is no value for max-flows, * | config set max-flows 4294967296
config set: "10s" is no value for max-flows, * | config set max-flows 10s
config set: "40000" is no range of ports, * | config set snat-ports 40000
config set: "0-9" is no range of ports, * | config set snat-ports 0-9
config set: "9-8" is no range of ports, * | config set snat-ports 9-8
config set: "1-65536" is no range of ports, * | config set snat-ports 1-65536
config set: "off" is no value for timeout-udp, * | config set timeout-udp off
config set: expected ranges of addresses or none after "pod-cidr" | config set pod-cidr
config set: "" is no range of addresses for pod-cidr, * | config set pod-cidr 10.0.0.0/8,
config set: "off" is no range of addresses for service-cidr, expected 192.0.2.0/24 or 2001:db8::/32 | config set service-cidr off
config set: "10.0.0.0/8;10.0.0.0" is no range * | config set service-cidr 10.0.0.0/8;10.0.0.0
config set: "none" is no range of addresses for pod-cidr, * | config set pod-cidr 10.0.0.0/8,none
config set: "fd00::/8x" is no range of * | config set pod-cidr 10.0.0.0/8,fd00::/8x,fd01::/16
config set: "10.1.0.0/8" has bits set behind its prefix, expected 10.0.0.0/8 | config set nodeport-addresses ::/0,10.1.0.0/8
config set: "pod-cidr" is given twice | config set pod-cidr none pod-cidr none
config set: expected masquerade-all after "masquerade-all" | config set masquerade-all
config set: unknown word "true" for masquerade-all, expected off or on | config set masquerade-all true
config set: "masquerade-all" is given twice | config set masquerade-all on masquerade-all on
config set: "off" is no value for timeout-sctp, * | config set timeout-sctp off
config set: "max-flows" is given twice | config set max-flows 1 max-flows 2
config set: unknown word "1" | config set timeout-udp 30s 1
stats show: unknown word "x" | stats show web x
stats show: unknown word "x" | stats show --prometheus web x
stats show: unknown word "--promethius", did you mean "--prometheus"? | stats show --promethius
stats show: unknown word "--prometheus" | stats show --prometheus --prometheus
stats show: -j and "--prometheus" are two formats, expected one | -j stats show --prometheus
simulate: expected protocol after "simulate" | simulate
simulate: unknown word "icmp" for protocol, expected tcp, udp or sctp | simulate icmp 10.0.0.1:1 10.0.0.2:2
simulate: unknown word "show" for protocol, expected tcp, udp or sctp | simulate show
simulate: expected ADDR:PORT after "tcp" | simulate tcp
simulate: expected ADDR:PORT after "10.0.0.1:1" | simulate tcp 10.0.0.1:1
simulate: "10.0.0.1" is no address and port, * | simulate tcp 10.0.0.1 10.0.0.2:2
simulate: "nodeport" is no address and port, * | simulate tcp 10.0.0.1:1 nodeport 30080
simulate: the addresses are of two families | simulate tcp 10.0.0.1:1 [fd00::1]:2
simulate: the addresses are of two families | simulate udp [fd00::1]:1 10.0.0.1:2 local
simulate: expected a network device after "iif" | simulate tcp 10.0.0.1:1 10.0.0.2:2 iif
simulate: unknown word "oif", did you mean "iif"? | simulate tcp 10.0.0.1:1 10.0.0.2:2 oif lo
simulate: unknown word "x" | simulate tcp 10.0.0.1:1 10.0.0.2:2 local x
simulate: "local" is one too many of iif, local | simulate tcp 10.0.0.1:1 10.0.0.2:2 local local
simulate: "local" is one too many of iif, local | simulate tcp 10.0.0.1:1 10.0.0.2:2 iif lo local
simulate: "iif" is one too many of iif, local | simulate tcp 10.0.0.1:1 10.0.0.2:2 local iif lo
simulate: "iif" is one too many of iif, local | simulate tcp 10.0.0.1:1 10.0.0.2:2 iif lo iif lo
version: unknown word "x" | version x
help: unknown word "tops" | help tops
help: unknown word "x" | help service x
unknown option "-x" | -x service show
unknown option "--nope" | --nope service show
unknown option "--jsno", did you mean "--json"? | --jsno service show
unexpected argument in "--json=1" | --json=1 service show
expected an argument after "-N" | -N
expected an argument after "--batch" | --batch
unknown word "=green" for the colour* | -c=green service show
unknown word "always" for the colour* | -calways service show
unknown word "green" for the colour* | --color=green service show
unknown word "service" after -b "x" | -b x service show
unknown network namespace "no-such-netns" | -N no-such-netns service show
unknown network namespace "/no/such/netns" | --netns /no/such/netns service show
unknown network namespace ".." | -N .. service show
END
refused 1 'cannot enter the network namespace: *' -N /dev/null service show
refused 1 'unknown network namespace ""' -N '' service show
refused 1 'unknown word ""' ''
refused 1 'unknown word "a?b"' $'a\nb'
refused 1 'config set: "" is no range of addresses for pod-cidr, expected *' \
	config set pod-cidr ''
refused 1 'service del: "" is no service name*' service del ''
refused 1 'service del: "a b" is no service name*' service del 'a b'
refused 1 'service del: "*" is no service name*' service del \
	"$(printf 'a%.0s' {1..128})"
refused 1 'service add: "?10.0.0.1:80" is no *' service add web tcp \
	frontend $'\t10.0.0.1:80'

# A word of any length leaves the reason its place.
long=$(printf 'x%.0s' {1..3000})
refused 1 "unknown word \"x*\"" "$long"
refused 1 'service del: "x*" is no service name, expected 1 to 127 of *' \
	service del "$long"
refused 1 'service add: "x*" is no address and port, expected *' \
	service add web tcp frontend "$long"
refused 1 'service add: "x*" is no value for affinity, expected *' \
	service add web tcp affinity "$long"
refused 1 'service add: unknown word "x*" for scheduler, expected *' \
	service add web tcp scheduler "$long"
refused 1 'service add: "x*" follows an endpoint, expected *' \
	service add web tcp endpoint 10.0.0.1:80 "$long:"
refused 1 'endpoint add: "x*" is no value for weight, expected *' \
	endpoint add web 10.0.0.1:80 weight "$long"
refused 1 'frontend add: "x*" is no range of addresses for allow, expected *' \
	frontend add web 10.0.0.1:80 allow "$long"
refused 1 'config set: "x*" is no range of addresses for pod-cidr, expected *' \
	config set pod-cidr "$long,$long"
refused 1 'unknown network namespace "x*"' -N "$long" service show
refused 1 'cannot open "x*": File name too long' -b "$long"
refused 1 'unknown word "x*" after -b "x*"' -b "$long" "$long"
refused 1 'unknown option "--x*"' "--$long"
refused 1 'unexpected argument in "--json=x*"' "--json=$long"
refused 1 'unknown word "x*" for the colour, expected *' "--color=$long"

refused_all 1 << 'END'
save: unknown word "x" | save x
apply: expected a file, or - for standard input after "apply" | apply
apply: expected a file, or - for standard input after "--dry-run" | apply --dry-run
apply: unknown word "x" | apply - x
cannot open "/nonexistent": No such file or directory | apply /nonexistent
monitor: unknown word "x" | monitor x
endpoint drain: expected a duration after "wait" | endpoint drain web 10.0.0.1:1 wait
endpoint drain: unknown word "weight" | endpoint drain web 10.0.0.1:1 weight 1
config set: unknown word "1" for fastpath, expected off or on | config set max-flows 1 fastpath 1
END

refused_all 3 << 'END'
the svcnat module is not loaded; load it with "modprobe svcnat" | service show
*module is not loaded* | -jps service show default/web:http
*module is not loaded* | --json --pretty --stats --color=never service show
*module is not loaded* | service add web tcp
*module is not loaded* | service add web udp 10.0.0.1:80 [fd00::1]:80 affinity 3h
*module is not loaded* | service add web tcp endpoint 10.0.0.1:80 local affinity 90 weight 0
*module is not loaded* | service add web tcp affinity off scheduler random internal-policy cluster external-policy cluster on-removal keep
*module is not loaded* | service replace web tcp frontend 10.0.0.1:80 kind cluster endpoint [fd00::1]:1 state unready local-only endpoint 10.0.0.2:2
*module is not loaded* | service add web sctp 10.0.0.1:80 scheduler rr internal-policy local
*module is not loaded* | service replace web tcp scheduler lc external-policy local on-removal reset
*module is not loaded* | service set web affinity 30m
*module is not loaded* | service set web scheduler maglev
*module is not loaded* | service add web tcp 10.0.0.1:0 endpoint [fd00::1]:0
*module is not loaded* | service del web
*module is not loaded* | service flush
*module is not loaded* | service replace web tcp frontend 10.0.0.1:80 kind external frontend nodeport 30080 frontend [fd00::1]:80 allow 10.0.0.0/8 kind lb allow fd00::/8 affinity 3h
*module is not loaded* | service add web tcp frontend nodeport 0 10.0.0.1:80 kind lb
*module is not loaded* | frontend add web 10.0.0.1:65535
*module is not loaded* | frontend add web 10.0.0.1:80 allow 10.0.0.1 allow ::/0 kind lb allow 10.0.0.1/32
*module is not loaded* | frontend add web nodeport 65535
*module is not loaded* | frontend del web nodeport 30080
*module is not loaded* | frontend del web [2001:db8::1]:1
*module is not loaded* | frontend show
*module is not loaded* | endpoint add web 10.0.0.1:80 weight 65535 state terminating remote
*module is not loaded* | endpoint set web 10.0.0.1:80 weight 0
*module is not loaded* | endpoint del web 10.0.0.1:80
*module is not loaded* | endpoint show web
*module is not loaded* | affinity show
*module is not loaded* | affinity flush web
*module is not loaded* | flow show web
*module is not loaded* | -j flow show
*module is not loaded* | flow show web state closed endpoint 10.0.0.1 client 10.0.0.0/8
*module is not loaded* | flow show endpoint [fd00::1]:80 client fd00::/16
*module is not loaded* | flow show endpoint fd00::1
*module is not loaded* | flow show client
*module is not loaded* | flow show state state closed
*module is not loaded* | flow show client endpoint 10.0.0.1
*module is not loaded* | flow flush
*module is not loaded* | config show
*module is not loaded* | config set max-flows 1 timeout-udp 30s timeout-tcp-established 24h
*module is not loaded* | config set pod-cidr 10.0.0.0/8,fd00::/8,10.1.1.1 service-cidr none nodeport-addresses 0.0.0.0/0,::/0
*module is not loaded* | config set masquerade-all on timeout-sctp 24h
*module is not loaded* | stats show
*module is not loaded* | stats show web
*module is not loaded* | stats show --prometheus
*module is not loaded* | stats show --prometheus web
*module is not loaded* | simulate tcp 10.0.0.1:1 10.0.0.2:2
*module is not loaded* | simulate udp [fd00::1]:0 [fd00::2]:65535 local
*module is not loaded* | simulate sctp 10.0.0.1:1 10.0.0.2:2 iif no-such-device
*module is not loaded* | save
*module is not loaded* | apply --dry-run -
*module is not loaded* | -j monitor
*module is not loaded* | endpoint drain web 10.0.0.1:80 wait 3h
END
# To enter even one's own takes a permission that a build has not.
refused 3 '@(*module is not loaded*|no permission: *)' \
	-N /proc/self/ns/net service show

# Help and version.

run
passes "no words: a sentence on stderr, status 1" \
	equal "$status $(wc -c < "$tmp/out") $(cat "$tmp/err")" \
	"1 0 svcctl: expected an object, see \"svcctl help\""
for words in help -h --help; do
	run $words
	passes "$words: usage on stdout, status 0" equal \
		"$status $(wc -c < "$tmp/err") $(head -c 6 "$tmp/out")" \
		"0 0 usage:"
done
for object in service frontend endpoint affinity flow config stats; do
	run help $object
	passes "help $object" equal \
		"$status $(grep -c "^  $object [a-z]" "$tmp/out")" \
		"0 $(sed -n '/ commands\[\] = {/,/^}/p' \
			"$repo/tools/cmd_$object.c" | grep -c '^	{ "')"
done
run help simulate
passes "help simulate" equal \
	"$status $(grep -c '^  simulate PROTO SRC:PORT DST:PORT ' "$tmp/out")" "0 1"
run help top
passes "help top" equal \
	"$status $(grep -c '^  top \[interval DURATION\]$' "$tmp/out")" "0 1"
run help doctor
passes "help doctor" equal "$status $(grep -c '^  doctor$' "$tmp/out")" "0 1"
run help
passes "the manual page has every command" equal "$(
	sed -n 's/^  \([a-z]* [a-z]*\).*/\1/p' "$tmp/out" |
	while read -r words; do
		grep -qx ".B svcctl $words" "$repo/tools/svcctl.8" ||
			echo "$words"
	done)" ""
passes "the manual page has every option" equal "$(
	sed -n 's/^  \(-., --[a-z]*\).*/\1/p' "$tmp/out" |
	while IFS=', ' read -r short long; do
		tr -d '\\ ",' < "$repo/tools/svcctl.8" |
			sed 's/fB//g; s/f[RI]//g; s/\[=WHEN\]//g' |
			grep -q -e "$short$long" || echo "$short $long"
	done)" ""
number=$(cat "$repo/tools/.version")
for words in version -V --version; do
	run $words
	passes "$words" equal "$status $(cat "$tmp/out" "$tmp/err")" \
		"0 svcctl $number"
done
run -j version
passes "version as JSON" equal "$status $(cat "$tmp/out")" \
	"0 [{\"svcctl\":\"$number\",\"module\":null}]"

# Batches.

# batch STATUS SENTENCE < FILE: as refused(), but with the place in front.
batch()
{
	local want=$1 pattern=$2 ok=1 line

	cat > "$tmp/batch"
	run -b "$tmp/batch"
	line=$(cat "$tmp/err")
	# shellcheck disable=SC2053 # it is a pattern
	if [ $status = "$want" ] && [ "$(wc -l < "$tmp/err")" = 1 ] &&
	   [[ $line == "$tmp/batch:"$pattern ]]
	then
		ok=0
	fi
	result $ok "batch: $pattern" "$tmp/err"
}

batch 1 '3: service del: expected the name of a service after "del"' << 'END'
# a comment

service del
service del
END
batch 1 '1: a quote is not closed' <<< 'service show "a'
batch 1 '2: unknown word "-j"' << 'END'
version # of the tool
-j service show
END
batch 1 '1: service del: "a b" is no service name*' <<< 'service del "a b"'
batch 1 '1: unknown word "nothing"*' <<< nothing
batch 1 '1: there is a NUL in the line' < <(printf 'version\0 x\n')
batch 1 '1: service del: unknown word "b"' < <(printf '\tservice  del a b')
batch 3 '2: *module is not loaded*' << 'END'
version
service "show"
unknown
END
passes "batch: what came before the error is printed" \
	equal "$(cat "$tmp/out")" "svcctl $number"
refused 1 'cannot open "*": No such file or directory' -b "$tmp/none"
refused 1 'cannot read "*": Is a directory' -b "$tmp"

passes "batch: empty lines and comments alone" \
	"$svcctl" -b - < <(printf '\n  # x\n\t\n#\n')
passes "batch: from stdin" equal \
	"$("$svcctl" -b - 2>&1 < <(printf 'version\n\nno\n'))" \
	"svcctl $number
-:3: unknown word \"no\""
passes "batch: JSON of every command" equal \
	"$("$svcctl" -j -b - < <(printf 'version\nversion\n') | grep -c '^\[')" 2

# Output.

status=0
"$svcctl" version 2> "$tmp/err" > /dev/full || status=$?
passes "a full disk is an error" equal "$status $(cat "$tmp/err")" \
	"1 svcctl: cannot write the output: No space left on device"
status=0
"$svcctl" version 2> "$tmp/err" >&- || status=$?
passes "a closed stdout is an error" equal "$status $(wc -l < "$tmp/err")" \
	"1 1"
exec 3> >(:)
wait $!
status=0
"$svcctl" version 2> "$tmp/err" >&3 || status=$?
exec 3>&-
passes "a closed pipe is an error" equal "$status $(cat "$tmp/err")" \
	"1 svcctl: cannot write the output: Broken pipe"

end
