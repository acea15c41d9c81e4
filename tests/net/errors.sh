#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kernel refuses: exit status 2 and a sentence, and nothing has
# changed; and who is refused altogether: exit status 3.
#
#    node	10.9.0.1/24 on a dummy device
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# refused_with STATUS SENTENCE COMMAND...: one line on stderr and nothing else
refused_with()
{
	local wanted=$1 sentence=$2 status=0
	shift 2

	"$@" > "$tmp/out" 2> "$tmp/err" || status=$?
	check_is "status of $*" "$status" "$wanted"
	check_is "stdout of $*" "$(< "$tmp/out")" ""
	check_is "stderr of $*" "$(< "$tmp/err")" "svcctl: *$sentence*"
	[[ $(< "$tmp/err") != *$'\n'* ]] ||
		fail "more than a line: $(< "$tmp/err")"
}

all()
{
	ctl service show
	ctl frontend show
	ctl endpoint show
	ctl config show
}

# Reads lines "SENTENCE | WORDS" from stdin: nothing may change.
refused_all()
{
	local sentence words before

	before=$(all)
	while IFS='|' read -r sentence words; do
		# shellcheck disable=SC2086  # several words
		refused_with 2 "${sentence% }" ctl $words
	done
	check_is "afterwards" "$(all)" "$before"
}

names_that_exist_or_do_not()
{
	refused_all <<- 'END'
		a service of this name exists already | service add web tcp
		a service of this name exists already | service add web udp 10.0.0.9:9
		there is no such service | service set nobody affinity off
		there is no such service | service del nobody
		there is no such service | service show nobody
		there is no such service | frontend add nobody 10.0.0.9:80
		there is no such service | frontend del nobody 10.0.0.9:80
		there is no such service | frontend show nobody
		there is no such service | endpoint add nobody 10.0.0.9:80
		there is no such service | endpoint set nobody 10.0.0.9:80 weight 1
		there is no such service | endpoint del nobody 10.0.0.9:80
		there is no such service | endpoint show nobody
		there is no such service | affinity show nobody
		there is no such service | affinity flush nobody
		there is no such service | flow show nobody
		there is no such service | flow flush nobody
		there is no such service | stats show nobody
		the service has this frontend already | frontend add web 10.96.0.1:80
		another service has this frontend | frontend add other 10.96.0.1:80
		another service has this frontend | service add third tcp 10.96.0.1:80
		another service has this frontend | service replace third tcp 10.96.0.1:80
		another service has this frontend | service replace other tcp 10.96.0.2:81 10.96.0.1:80
		the service has no such frontend | frontend del web 10.96.0.1:81
		the service has no such frontend | frontend del other 10.96.0.1:80
		the service has this endpoint already | endpoint add web 10.0.0.1:80
		the service has no such endpoint | endpoint set web 10.0.0.1:81 weight 1
		the service has no such endpoint | endpoint del web 10.0.0.9:80
	END
}

addresses_that_are_not_allowed()
{
	refused_all <<- 'END'
		a loopback address is not allowed | frontend add web 127.0.0.1:80
		a loopback address is not allowed | endpoint add web 127.1.2.3:80
		an unspecified address is not allowed | frontend add web 0.0.0.0:80
		an unspecified address is not allowed | endpoint add web 0.0.0.0:80
		a multicast address is not allowed | frontend add web 224.0.0.1:80
		a multicast address is not allowed | endpoint add web 239.255.255.255:80
		a broadcast address is not allowed | frontend add web 255.255.255.255:80
		a broadcast address is not allowed | endpoint add web 255.255.255.255:80
		a broadcast address is not allowed | frontend add web 10.9.0.255:80
		a broadcast address is not allowed | service add third tcp endpoint 10.9.0.255:80
		a loopback address is not allowed | service replace web tcp 127.0.0.1:80
		port 0 is not allowed (frontend 10.96.0.9:0) | frontend add web 10.96.0.9:0
		port 0 is not allowed (endpoint 10.0.0.9:0) | endpoint add web 10.0.0.9:0
		port 0 is not allowed (frontend ?fd00::1?:0) | service add third tcp 10.96.0.9:80 [fd00::1]:0
		the service has no such endpoint (endpoint 10.0.0.1:0) | endpoint del web 10.0.0.1:0
	END
}

lists_that_contradict()
{
	refused_all <<- 'END'
		the endpoint is named twice | service add third tcp endpoint 10.0.0.1:80 endpoint 10.0.0.2:80 endpoint 10.0.0.1:80
		the endpoint is named twice | service replace web tcp endpoint 10.0.0.1:80 endpoint 10.0.0.1:80 weight 3
		the frontend is named twice | service add third tcp 10.96.0.9:80 10.96.0.9:80
		the frontend is named twice | service replace web tcp 10.96.0.1:80 10.96.0.1:80
		an endpoint may not be a frontend of its own service (endpoint 10.96.0.1:80) | endpoint add web 10.96.0.1:80
		an endpoint may not be a frontend of its own service (frontend 10.0.0.1:80) | frontend add web 10.0.0.1:80
		an endpoint may not be a frontend of its own service (endpoint 10.0.0.9:80) | service add third tcp 10.0.0.8:80 10.0.0.9:80 endpoint 10.0.0.7:80 endpoint 10.0.0.9:80
		an endpoint may not be a frontend of its own service (endpoint 10.96.0.3:80) | service replace web tcp 10.96.0.1:80 10.96.0.3:80 endpoint 10.0.0.1:80 endpoint 10.96.0.3:80 endpoint 10.0.0.2:80
	END
	# The address alone may be the same.
	must endpoint add web 10.96.0.1:8080
	must endpoint del web 10.96.0.1:8080
	must endpoint add web 10.96.0.2:80
	must endpoint del web 10.96.0.2:80
}

numbers_out_of_range()
{
	refused_all <<- 'END'
		out of range (max-services, expected 0 to 1048576) | config set max-services 1048577
		out of range (max-endpoints, expected 0 to 65535) | config set max-endpoints 65536
		out of range (max-flows, expected 0 to 134217728) | config set max-flows 134217729
		out of range (max-affinity, expected 0 to 134217728) | config set max-affinity 134217729
		out of range (timeout-udp, expected 1s to 744h) | config set timeout-udp 0
		out of range (timeout-udp, expected 1s to 744h) | config set max-flows 7 timeout-udp 0
		out of range (timeout-tcp-established, expected 1s to 744h) | config set timeout-tcp-established 745h
		out of range (affinity, expected 0s to 24h) | service set web affinity 86401
		out of range (affinity, expected 0s to 24h) | service add third tcp affinity 25h
	END
}

longest_name()
{
	local name

	printf -v name 'n%.0s' {1..127}
	must service add "$name" tcp
	must service del "$name"
}

whole_or_not_at_all()
{
	local before

	before=$(all)
	ctl -b - <<- END 2> "$tmp/err"
		service add fourth tcp 10.96.0.4:80 endpoint 10.0.0.4:80
		service add fifth tcp 10.96.0.5:80 endpoint 10.0.0.4:80 endpoint 127.0.0.1:80
		service add sixth tcp
	END
	check_is "status of a batch" $? 2
	check_is "stderr of a batch" "$(< "$tmp/err")" \
		"-:2: *a loopback address is not allowed*"
	must service del fourth
	check_is "afterwards" "$(all)" "$before"
}

without_the_right()
{
	local words

	for words in "service show" "service show web" "frontend show" \
		"endpoint show" "affinity show" "flow show" "config show" \
		"stats show" "simulate tcp 10.0.0.9:9 10.96.0.1:80" \
		"service flush" "affinity flush" "flow flush" \
		"config set max-flows 1" "service add x tcp" \
		"service replace web tcp" "service set web affinity 1" \
		"service del web" "frontend add web 10.96.0.9:80" \
		"frontend del web 10.96.0.1:80" "endpoint add web 10.0.0.9:80" \
		"endpoint set web 10.0.0.1:80 weight 2" \
		"endpoint del web 10.0.0.1:80"; do
		# shellcheck disable=SC2086  # several words
		refused_with 3 "ermi" setpriv --reuid 65534 --clear-groups \
			svcctl $words
		# Root there has the capability, but not here.
		# shellcheck disable=SC2086
		refused_with 3 "ermi" unshare -Urn svcctl $words
	done
}

without_the_module()
{
	local words

	[ -n "${SVCNAT_KO-}" ] || { RET=$ksft_skip; return; }
	flush
	slowwait 10000 rmmod svcnat || { fail "rmmod"; return; }
	for words in "service show" "flow flush" "service add x tcp"; do
		# shellcheck disable=SC2086  # several words
		refused_with 3 'not loaded; load it with "modprobe svcnat"' \
			ctl $words
	done
	insmod "$SVCNAT_KO"
	check_err $? "insmod"
	must service show > /dev/null
}

has_service()
{
	[[ $(ctl service show 2> /dev/null) == *$'\n'"$1 "* ]]
}

# The module that comes back has another number.
a_batch_outlives_the_module()
{
	local batch

	[ -n "${SVCNAT_KO-}" ] || { RET=$ksft_skip; return; }
	mkfifo "$tmp/batch"
	ctl -b - < "$tmp/batch" 2> "$tmp/err" &
	batch=$!
	exec 7> "$tmp/batch"
	echo "service add before tcp" >&7
	busywait 5000 has_service before || fail "no answer before"
	slowwait 10000 rmmod svcnat || fail "rmmod"
	insmod "$SVCNAT_KO" || bail_out "insmod"
	echo "service add after tcp" >&7
	busywait 5000 has_service after || fail "no answer after"
	slowwait 10000 rmmod svcnat || fail "rmmod"
	echo "service add never tcp" >&7
	exec 7>&-
	wait "$batch"
	check_is "status" $? 3
	check_is "stderr" "$(< "$tmp/err")" "-:3: the svcnat module is not loaded; *"
	insmod "$SVCNAT_KO" || bail_out "insmod"
}

warns_of_link_local()
{
	local what

	for what in "service add local tcp endpoint" "endpoint add local"; do
		# shellcheck disable=SC2086  # several words
		ctl $what 169.254.169.254:8"${#what}" 2> "$tmp/err"
		check_is "status of $what" $? 0
		check_is "stderr of $what" "$(< "$tmp/err")" \
			"svcctl: warning: endpoint 169.254.169.254 is link-local, *"
	done
	must service del local
}

setup_ns node
ip_in "$node" <<- END
	link add dummy0 type dummy
	addr add 10.9.0.1/24 broadcast 10.9.0.255 dev dummy0
	link set dummy0 up
END
ctl -b - <<- END || bail_out "no services"
	service add web tcp 10.96.0.1:80 endpoint 10.0.0.1:80 endpoint 10.0.0.2:80
	service add other tcp 10.96.0.2:80 endpoint 10.0.0.1:80
END
run_tests \
	names_that_exist_or_do_not \
	addresses_that_are_not_allowed \
	lists_that_contradict \
	numbers_out_of_range \
	longest_name \
	whole_or_not_at_all \
	without_the_right \
	warns_of_link_local \
	without_the_module \
	a_batch_outlives_the_module
