// SPDX-License-Identifier: GPL-2.0-or-later
#include "domains.h"

#include "hypervisor.h"
#include "util.h"

#include <errno.h>
#include <string.h>

/* libxl's ERROR_INVAL, which xl prints. */
#define RC_INVAL (-6)

static int find_by_name(
	const struct sysroot *root, struct xs *xs, const char *name, unsigned int *domid)
{
	struct hypervisor *hypervisor;
	int r;

	if (hypervisor_open(root, &hypervisor, NULL) < 0)
		return xs_find_domain(xs, name, domid, NULL);
	r = hypervisor_find_domain(hypervisor, name, domid);
	hypervisor_close(hypervisor);
	return r;
}

int domains_find(const struct sysroot *root, struct xs *xs, const char *word, unsigned int *domid,
	struct err *err)
{
	unsigned long number;
	unsigned int found;

	if (*word && !word[strspn(word, "0123456789")]) {
		if (parse_number(word, NULL, DOMID_MAX, &number) &&
			xs_has_domain(xs, (unsigned int)number)) {
			*domid = (unsigned int)number;
			return 0;
		}
	} else if (*word && find_by_name(root, xs, word, &found) == 0) {
		*domid = found;
		return 0;
	}
	return err_set(err, ENOENT,
		"%s is an invalid domain identifier (rc=%d); xl list shows the domains", word,
		RC_INVAL);
}

static bool has_mac(struct xs *xs, struct vif_id id, const char *mac)
{
	struct xs_vif vif;
	bool same;

	if (xs_read_vif(xs, id, &vif, NULL) < 0)
		return false;
	same = vifname_same_mac(vif.mac, mac);
	xs_vif_free(&vif);
	return same;
}

int domains_find_vif(struct xs *xs, unsigned int domid, const char *domain, const char *word,
	struct vif_id *out, struct err *err)
{
	_cleanup_free_ struct vif_id *ids = NULL;
	unsigned long devid = 0;
	bool mac = vifname_is_mac(word);
	size_t n;
	int r;

	r = xs_list_vifs(xs, &ids, &n, err);
	if (r < 0)
		return r;
	if (!mac && !parse_number(word, NULL, DEVID_MAX, &devid))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (ids[i].domid != domid)
			continue;
		if (mac ? has_mac(xs, ids[i], word) : ids[i].devid == devid) {
			*out = ids[i];
			return 0;
		}
	}
	return err_set(err, ENODEV, "Unknown device %s. xl network-list %s shows the devices of %s",
		word, domain, domain);
}
