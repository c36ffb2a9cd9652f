# SPDX-License-Identifier: GPL-2.0-or-later
# A fault for shellcheck to find: a word that may be several. No first line tells that it is a script.
rm $1
