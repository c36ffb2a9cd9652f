// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vifmap.h - arrays of structs that are sorted by vif.
 * array_remove() takes an element out.
 *
 * The struct's first member is its `struct vif_id`. `size` is the struct's size; the array, and
 * how many elements it has, belong to the caller and are read like any other.
 */
#pragma once

#include "vifname.h"

#include <stddef.h>

/* Index of the first element that does not come before `id`. */
size_t vifmap_lower_bound(const void *v, size_t n, size_t size, struct vif_id id);

/* The vif's element, or NULL. */
void *vifmap_find(const void *v, size_t n, size_t size, struct vif_id id);

/*
 * The vif's element; a new one is all zeroes but for its id. NULL, with nothing changed, when
 * memory is out. `array` is the address of the array's pointer, which may move.
 */
void *vifmap_add(void *array, size_t *n, size_t size, struct vif_id id);
