# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debian.bash - where what needs debootstrap gets Debian from.

# The mirror that apt uses on this machine, or $DEBIAN_MIRROR; none where apt can't say, which leaves the
# choice to debootstrap.
mirror() {
    if [ -n "${DEBIAN_MIRROR-}" ]; then
        echo "$DEBIAN_MIRROR"
        return
    fi
    # shellcheck disable=SC2016 # the dollars are apt's
    { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null || :; } | sed -n 1p
}

apt_proxy() {
    local http_proxy=
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    echo "$http_proxy"
}
