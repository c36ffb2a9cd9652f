#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tarballs of the source, and the version that all parts of it tell.

load common

# What `make dist` makes of this tree, unpacked: a tree that git has nothing to do with.
setup() {
    TREE=$BATS_TEST_TMPDIR/vifpin-$RELEASE
    make -C "$REPO" dist VERSION="$RELEASE" >/dev/null
    tar -C "$BATS_TEST_TMPDIR" -xzf "$REPO/build/dist/vifpin-$RELEASE.tar.gz"
}

# dists [VERSION]: the tarballs that there are in the tree's build/dist; then there are none.
dists() {
    make -C "$TREE" dist >/dev/null
    (cd "$TREE/build/dist" && echo vifpin-*.tar.gz)
    rm -rf "$TREE/build"
}

in_git() {
    git -C "$TREE" -c user.name=Test -c user.email=test@example.org "$@"
}

commit_tree() {
    rm "$TREE/version"
    in_git init -q
    in_git add -A
    in_git commit -q -m All
}

@test "a tarball has the version that it was made with, and makes the same bytes again" {
    equal "vifpin-$RELEASE.tar.gz" "$(dists)"
    make -C "$TREE" dist >/dev/null
    cmp "$REPO/build/dist/vifpin-$RELEASE.tar.gz" "$TREE/build/dist/vifpin-$RELEASE.tar.gz"
}

@test "a tarball has what git has, and the version" {
    commit_tree
    echo junk >"$TREE/junk"
    make -C "$TREE" dist VERSION=1 >/dev/null
    equal "$( (in_git ls-files; echo version) | sed 's,^,vifpin-1/,' | LC_ALL=C sort)" \
        "$(tar -tzf "$TREE/build/dist/vifpin-1.tar.gz" | LC_ALL=C sort)"
}

@test "a tree without git and without a version in it is that of the release" {
    rm "$TREE/version"
    equal "vifpin-$RELEASE.tar.gz" "$(dists)"
}

@test "the version is the release when git has a tag that says so, and else tells the commit" {
    local commit

    commit_tree
    commit=$(in_git rev-parse --short HEAD)
    equal "vifpin-$RELEASE-dev+$commit.tar.gz" "$(dists)"
    echo >>"$TREE/README.md"
    equal "vifpin-$RELEASE-dev+$commit-dirty.tar.gz" "$(dists)"
    in_git checkout -q README.md
    in_git tag -a -m Release "v$RELEASE"
    equal "vifpin-$RELEASE.tar.gz" "$(dists)"
}

@test "vifpin --version tells the same" {
    local version

    version=$(make -C "$REPO" -f - <<<$'include Makefile\nversion:\n\techo $(VERSION)' version)
    equal "vifpin $version" "$("$REPO/build/vifpin" --version)"
}

@test "every part names the same release" {
    equal "$RELEASE" "$(sed -n '0,/^## \[\([0-9]*\.[0-9.]*\)\] - .*/s//\1/p' "$REPO/CHANGELOG.md")" CHANGELOG.md
    equal "$RELEASE" "$(dpkg-parsechangelog -l "$REPO/debian/changelog" -S Version)" debian/changelog
    equal "$RELEASE" "$(sed -n 's/^Version: *//p' "$REPO/packaging/vifpin.spec")" vifpin.spec
    equal "$RELEASE" "$(sed -n 's/^pkgver=//p' "$REPO/packaging/alpine/APKBUILD")" APKBUILD
}
