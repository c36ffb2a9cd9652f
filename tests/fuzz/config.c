// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration. */
#include "fuzz.h"

#include "config.h"

#include <errno.h>

/* libxlutil's parser forgets what it has read before an error. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil";
}

static void check_config(const char *text, struct config *config)
{
	const struct config_vif *found = config_find_vif(config, "g1", "00:16:3e:00:00:01");

	expect_true(text, config->verify_interval <= 86400);
	expect_true(text, config->rebalance_interval >= 1 && config->rebalance_interval <= 86400);
	expect_true(
		text, config->rebalance_gain - 1 < 100 && config->rebalance_threshold - 1 < 100);
	for (size_t i = 0; i < config->n_vifs; i++)
		expect_true(text, config->vifs[i].domain || config->vifs[i].mac);
	expect_true(
		text, !found || (found >= config->vifs && found < config->vifs + config->n_vifs));
	expect_true(text, config_cpus(config, found) ==
				  (found && found->has_cpus ? &found->cpus : &config->cpus));
	config_free(config);
}

static void fuzz(const char *text, size_t len)
{
	static const struct cpuset nodes[] = { { { 0x0f } }, { { 0xf0 } } };
	struct cpuset_words words = { { { 0xff } }, nodes, ARRAY_SIZE(nodes) };
	struct err err = { "" };
	struct config config;
	int r;

	(void)len;
	spoil(&config, sizeof config);
	r = config_parse(text, "vifpin.conf", &words, &config, &err);
	expect_int(text, !*err.msg, r == 0);
	if (r == 0) {
		check_config(text, &config);
		return;
	}
	expect_true(text, r == -EINVAL && is_spoilt(&config, sizeof config));
	expect_int(err.msg, strncmp(err.msg, "vifpin.conf:", strlen("vifpin.conf:")), 0);
}
