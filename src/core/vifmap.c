// SPDX-License-Identifier: GPL-2.0-or-later
#include "vifmap.h"

#include "util.h"

#include <string.h>

static const char *at(const void *v, size_t size, size_t i)
{
	return (const char *)v + i * size;
}

size_t vifmap_lower_bound(const void *v, size_t n, size_t size, struct vif_id id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vif_id_compare((const struct vif_id *)at(v, size, mid), &id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void *vifmap_find(const void *v, size_t n, size_t size, struct vif_id id)
{
	size_t i = vifmap_lower_bound(v, n, size, id);
	const struct vif_id *found = i < n ? (const struct vif_id *)at(v, size, i) : NULL;

	return found && vif_id_compare(found, &id) == 0 ? (void *)found : NULL;
}

void *vifmap_add(void *array, size_t *n, size_t size, struct vif_id id)
{
	void **v = array;
	size_t i = vifmap_lower_bound(*v, *n, size, id), behind = *n - i;
	char *element = vifmap_find(*v, *n, size, id);

	if (element)
		return element;
	if (!array_add(array, n, size))
		return NULL;
	element = (char *)*v + i * size;
	memmove(element + size, element, behind * size);
	memset(element, 0, size);
	memcpy(element, &id, sizeof id);
	return element;
}
