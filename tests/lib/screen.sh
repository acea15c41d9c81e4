# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A terminal with a shell in it, and what is to be seen there; sourced behind
# tests/lib.sh.
# shellcheck disable=SC2154  # variables from those who source it

mux()
{
	tmux -L svcnat -f /dev/null "$@"
}

# open_screen COLUMNS LINES: its shell says "ready" when it waits.  It is closed
# at the end.
open_screen()
{
	command -v tmux > /dev/null || skip_all "there is no tmux"
	cat > "$tmp/bashrc" <<- 'END'
		PS1='ready \$ '
		unset NO_COLOR
	END
	mux new-session -d -s screen -x "$1" -y "$2" \
		"bash --rcfile $tmp/bashrc" || bail_out "tmux does not start"
	mux set-option -g escape-time 10 > /dev/null
	trap 'mux kill-server 2> /dev/null; cleanup' EXIT
	sees "^ready"
}

# press KEY...: names as tmux has them, or text
press()
{
	mux send-keys -t screen "$@" || fail "cannot press $*"
}

# enter WORD...: a line for the shell
enter()
{
	press -l "$*"
	press Enter
}

resize_screen()
{
	mux resize-window -t screen -x "$1" -y "$2" ||
		fail "cannot resize the terminal"
}

# screen: prints all lines
screen()
{
	mux capture-pane -p -t screen
}

# screen_has PATTERN [LINE]: an extended regular expression, anywhere or in that
# line, which is counted from 1
screen_has()
{
	screen | sed -n "${2-1,\$}p" | grep -qE -e "$1"
}

# sees PATTERN [LINE]: until then
sees()
{
	slowwait 20000 screen_has "$@" ||
		fail "no \"$1\"${2:+ in line $2} on the screen:"$'\n'"$(screen)"
}
