// SPDX-License-Identifier: GPL-2.0-or-later
#include "domains.h"

#include "util.h"

#include <errno.h>
#include <string.h>

/* libxl's ERROR_INVAL, which xl prints. */
#define RC_INVAL (-6)

/* False where there is no domain of that name or domid. */
static bool find_domain(struct xenstore *xenstore, const char *word, unsigned int *domid)
{
	if (vifname_is_domid(word))
		return parse_uint(word, NULL, DOMID_MAX, domid) &&
		       xenstore_has_domain(xenstore, *domid);
	return *word && xenstore_find_domain(xenstore, word, domid) == 0;
}

/* The words, and what is known of them. */
struct search {
	struct xenstore *xenstore;
	const struct ledger *ledger;
	const char *domain, *device;
	bool is_domain; /* else `domain` is the name of a vif */
	unsigned int domid;
};

static bool is_found(const struct search *search, struct vif_id id)
{
	const struct vif_entry *entry = ledger_find(search->ledger, id);
	char dev[DEV_NAME_SIZE];
	struct backend_state vif;
	bool found;

	if (search->is_domain && (id.domid != search->domid || !search->device))
		return id.domid == search->domid;
	if (xenstore_read_backend(search->xenstore, id, &vif, NULL) < 0)
		return false;
	vifname_default_dev(id, dev);
	if (entry || *vif.vifname)
		copy_str(dev, sizeof dev, entry ? entry->dev : vif.vifname);
	found = (search->is_domain || vifname_is_called(search->domain, id, dev)) &&
		(!search->device || vifname_is_device(search->device, id, vif.mac, dev));
	backend_state_free(&vif);
	return found;
}

static int no_such_domain(struct xenstore *xenstore, const char *domain, struct err *err)
{
	bool is_dom0 = xenstore_own_domid(xenstore) == 0;

	return err_set(err, ENOENT, "%s is an invalid domain identifier (rc=%d); %s", domain,
		RC_INVAL,
		is_dom0 ? "xl list shows the domains"
			: "names are hidden from this driver domain: give a domid, or a vif as "
			  "vifpin list shows it");
}

int domains_find_vifs(struct xenstore *xenstore, const struct ledger *ledger, const char *domain,
	const char *device, struct vif_id **out, size_t *n_out, struct err *err)
{
	struct search search = {
		.xenstore = xenstore,
		.ledger = ledger,
		.domain = domain,
		.device = device,
	};
	struct vif_id *ids;
	size_t n, kept = 0;
	int r;

	search.is_domain = find_domain(xenstore, domain, &search.domid);
	r = xenstore_list_vifs(xenstore, search.is_domain ? &search.domid : NULL, &ids, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && (search.is_domain || !vifname_is_domid(domain)); i++) {
		if (is_found(&search, ids[i]))
			ids[kept++] = ids[i];
	}
	if (kept || (search.is_domain && !device)) {
		*out = ids;
		*n_out = kept;
		return 0;
	}
	free(ids);
	if (search.is_domain)
		return err_set(err, ENODEV,
			"Unknown device %s. xl network-list %s shows the devices of %s", device,
			domain, domain);
	return no_such_domain(xenstore, domain, err);
}
