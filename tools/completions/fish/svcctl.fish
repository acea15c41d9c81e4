# SPDX-License-Identifier: GPL-2.0
# Completion of svcctl for fish: svcctl itself says what may come next.

function __svcctl_complete
	set -l typed (commandline -opc)
	set -l word (commandline -ct)
	set -l tool $typed[1]
	set -e typed[1]
	for found in ($tool complete -- $typed "$word" 2> /dev/null)
		if test "$found" = :file
			__fish_complete_path "$word"
		else
			echo $found
		end
	end
end

complete -c svcctl -f -a '(__svcctl_complete)'
