# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debian.bash - where what makes a Debian gets it from.

# repository LABEL: the first one with it that apt uses on this machine.
repository() {
    # shellcheck disable=SC2016 # the dollars are apt's
    { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        'Origin: Debian' "Label: $1" 'Component: main' 2>/dev/null || :; } | sed -n 1p
}

# The mirror that apt uses on this machine, or $DEBIAN_MIRROR; none where apt can't say.
mirror() {
    echo "${DEBIAN_MIRROR-$(repository Debian)}"
}

security_mirror() {
    repository Debian-Security
}

apt_proxy() {
    local http_proxy=
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    echo "$http_proxy"
}
