#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: tests/vm/run tests/demo.sh
#
# Shows svcnat at work, with web servers and curl.  Exit status 0 only if every
# request was answered as configured.
#
#    client --------- this node --------- web1  10.0.1.2 fd00:1::2
#    192.0.2.2                  |-------- web2  10.0.2.2 fd00:2::2
#    fd00:c::2                  '-------- web3  10.0.3.2 fd00:3::2

set -u

vip=10.96.0.10
vip6=fd00:96::10
url=http://$vip/
url6="http://\\[$vip6\\]/"
wrong=0
tmp=$(mktemp -d)
servers=()

say()
{
	printf '\n# %s\n' "$*"
}

# run WORD...: shows the command, then what it prints.
run()
{
	printf '$ %s\n' "$*"
	"$@" || problem "exit status $? from: $*"
}

problem()
{
	printf '! %s\n' "$*"
	wrong=$((wrong + 1))
}

cleanup()
{
	kill "${servers[@]}" 2> /dev/null
	svcctl service flush
	ip netns del client
	ip netns del web1
	ip netns del web2
	ip netns del web3
	rm -rf "$tmp"
} 2> /dev/null

# host NAME SUBNET SUBNET6: a network namespace on a cable of its own; the node's
# end is .1 and ::1, the other is .2 and ::2.
host()
{
	ip netns add "$1" &&
	ip link add "$1" type veth peer name eth0 netns "$1" &&
	ip addr add "$2.1/24" dev "$1" &&
	ip addr add "$3::1/64" dev "$1" nodad &&
	ip link set "$1" up &&
	ip -n "$1" addr add "$2.2/24" dev eth0 &&
	ip -n "$1" addr add "$3::2/64" dev eth0 nodad &&
	ip -n "$1" link set eth0 up &&
	ip -n "$1" route add default via "$2.1" &&
	ip -n "$1" route add default via "$3::1"
}

# web NAME: serves a page that says NAME.  Python says when it listens.
declare -A says

web()
{
	local fd

	mkdir "$tmp/$1"
	echo "$1" > "$tmp/$1/index.html"
	exec {fd}< <(exec ip netns exec "$1" python3 -u -m http.server \
		--directory "$tmp/$1" 80 2> "$tmp/$1.log")
	servers+=($!)
	says[$1]=$fd
}

# web_answers NAME ADDRESS
web_answers()
{
	read -r -t 120 _ <&"${says[$1]}" &&
		curl -s -m 20 "http://$2/" > /dev/null && return
	echo "the web server at $2 does not answer" >&2
	cat "$tmp/$1.log" >&2
	exit 1
}

# requests COUNT WANTED COMMAND...: runs COMMAND, which makes COUNT requests,
# shows who answered how many of them, and checks that only WANTED did.
answers=0
answered=

requests()
{
	local expected=$1 wanted=$2 name
	local -A count=()
	shift 2

	printf '$ %s\n' "$*"
	"$@" > "$tmp/answers" || problem "exit status $? from: $*"
	answers=0
	answered=
	while read -r name; do
		count[$name]=$((${count[$name]-0} + 1))
		answers=$((answers + 1))
		[[ " $wanted " == *" $name "* ]] ||
			problem "an answer from \"$name\""
	done < "$tmp/answers"
	for name in web1 web2 web3; do
		[ -n "${count[$name]-}" ] || continue
		answered+=" $name"
		printf '%s  %3d  %s\n' "$name" "${count[$name]}" \
			"$(printf '%*s' "${count[$name]}" '' | tr ' ' '=')"
	done
	[ $answers = "$expected" ] ||
		problem "$answers of $expected requests were answered"
	total=$((total + answers))
}

in_client="ip netns exec client"
total=0
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

say "Three web servers and a client, each in a network namespace"
host client 192.0.2 fd00:c && host web1 10.0.1 fd00:1 &&
	host web2 10.0.2 fd00:2 && host web3 10.0.3 fd00:3 &&
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 || exit
for name in web1 web2 web3; do
	web $name
done
web_answers web1 10.0.1.2
web_answers web2 10.0.2.2
web_answers web3 10.0.3.2
# The node is a client too; to be one it needs some route to the service.
ip route add default dev client 2> /dev/null
ip -6 route add default dev client 2> /dev/null
ip -br addr show | grep -v '^lo'

say "A service: one address for the three"
run svcctl service add web tcp $vip:80 \
	endpoint 10.0.1.2:80 endpoint 10.0.2.2:80 endpoint 10.0.3.2:80
run svcctl service show
run svcctl endpoint show web

say "30 requests from the client: each is a connection, each is drawn"
# shellcheck disable=SC2086  # several words
requests 30 "web1 web2 web3" $in_client curl -sm 10 "$url?[1-30]"
[ "$answered" = " web1 web2 web3" ] || [ "$(wc -w <<< "$answered")" = 2 ] ||
	problem "all 30 went to$answered"

say "9 requests from the node itself"
requests 9 "web1 web2 web3" curl -sm 10 "$url?[1-9]"

say "The same over IPv6; a frontend draws from the endpoints of its own family"
run svcctl frontend add web "[$vip6]:80"
run svcctl endpoint add web "[fd00:1::2]:80"
run svcctl endpoint add web "[fd00:2::2]:80"
# shellcheck disable=SC2086
requests 20 "web1 web2" $in_client curl -sm 10 "$url6?[1-20]"
requests 9 "web1 web2" curl -sm 10 "$url6?[1-9]"
run ping -nqc 1 -W 5 $vip6

say "A pod that calls its own service is masqueraded, or it would answer itself"
run svcctl service add self tcp 10.96.0.11:80 endpoint 10.0.1.2:80
requests 3 web1 ip netns exec web1 curl -sm 10 "http://10.96.0.11/?[1-3]"
run svcctl flow show self
run svcctl service del self

say "web1 shall have no new connections, web3 nine of ten"
run svcctl endpoint set web 10.0.1.2:80 weight 0
run svcctl endpoint set web 10.0.3.2:80 weight 9
# shellcheck disable=SC2086
requests 30 "web2 web3" $in_client curl -sm 10 "$url?[1-30]"

say "Affinity: a client stays with the endpoint it got"
run svcctl service set web affinity 3h
# shellcheck disable=SC2086
requests 20 "web2 web3" $in_client curl -sm 10 "$url?[1-20]"
[ "$(wc -w <<< "$answered")" = 1 ] ||
	problem "one client got several endpoints:$answered"
run svcctl affinity show

say "Its endpoint is removed: the next connection draws afresh, and stays there"
case $answered in
" web2") gone=10.0.2.2:80 left=web3 ;;
*) gone=10.0.3.2:80 left=web2 ;;
esac
run svcctl endpoint del web $gone
# shellcheck disable=SC2086
requests 10 $left $in_client curl -sm 10 "$url?[1-10]"
run svcctl affinity show

say "What has passed"
run svcctl -s service show web
run svcctl -s endpoint show web
printf '$ %s\n' "svcctl flow show | head -n 6"
svcctl flow show > "$tmp/flows" || problem "svcctl flow show"
head -n 6 "$tmp/flows"
printf '$ %s\n' "svcctl stats show | grep -vw 0"
svcctl stats show > "$tmp/stats" || problem "svcctl stats show"
grep -vw 0 "$tmp/stats"
connections=$(awk '$1 == "flow_new" { print $2 }' "$tmp/stats")
[ "$connections" = $total ] ||
	problem "$total requests, but $connections connections were counted"

say "No endpoint is left: the client learns it at once"
run svcctl service replace web tcp $vip:80
printf '$ %s\n' "$in_client curl -sSm 10 $url"
# shellcheck disable=SC2086
$in_client curl -sSm 10 "$url" && problem "somebody answered"
# 7: could not connect, as opposed to 28: no answer in time
[ $? = 7 ] || problem "the client was not refused"
run svcctl service del web

if [ $wrong != 0 ]; then
	printf '\n%d things were not as they should be\n' $wrong
	exit 1
fi
printf '\nAll %d requests were answered as configured.\n' $total
