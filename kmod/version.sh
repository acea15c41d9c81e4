#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: kmod/version.sh
#
# Prints the version of this source, as git describes it and as all that a
# version goes through takes it: v0.2.0 is 0.2.0, five commits later it is
# 0.2.0+5.g1234567, with changes that are not committed ...dirty.  Before the
# first tag it is what version.h says, of which nothing is released yet:
# 0.1.0~42.g1234567.  Without git, as in a tarball or under DKMS, version.h has
# been told: "make dist" and "make dkms-install" do so.

cd "$(dirname "$0")/.." || exit

header=$(sed -n 's/^#define SVCNAT_VERSION "\(.*\)"/\1/p' kmod/version.h)

describe()
{
	# A repository around this directory is somebody else's.
	[ -e .git ] || return
	if tag=$(git describe --tags --match 'v[0-9]*' --dirty); then
		echo "$tag" | sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/
			s/\(+.*\)-dirty$/\1.dirty/; s/-dirty$/+dirty/'
		return
	fi
	tag=$(git describe --always --dirty --exclude '*') &&
		echo "$header~$(git rev-list --count HEAD).g$tag" |
		sed 's/-dirty$/.dirty/'
}

version=$(describe 2> /dev/null)
echo "${version:-$header}"
