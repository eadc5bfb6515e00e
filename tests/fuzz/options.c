/* SPDX-License-Identifier: MIT */
/* Any bytes, read as flags of save and of lookup, and as `name=value` lines of a configuration. */
#include <rgstr/config.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

/* What was refused says why in a line that may go into a log. */
static void check_error(rg_status status, const rg_error *why)
{
	if (status == RG_OK)
		return;
	rg_str text = rg_error_text(why);
	must(text.n > 0 && rg_error_status(why) == status);
	for (size_t i = 0; i < text.n; i++)
		must((unsigned char)text.p[i] >= 0x20);
}

/* The same text once more is answered the same. */
static void check_save(rg_str flags, rg_error *why)
{
	rg_save_options *options, *again;
	rg_status status = rg_save_options_new(flags, &options, why);

	check_error(status, why);
	must((status == RG_OK) == (options != NULL));
	must(rg_save_options_new(flags, &again, NULL) == status);
	rg_save_options_unref(options);
	rg_save_options_unref(again);
}

static void check_lookup(rg_str flags, rg_error *why)
{
	rg_lookup_options *options, *again;
	rg_status status = rg_lookup_options_new(flags, &options, why);

	check_error(status, why);
	must((status == RG_OK) == (options != NULL));
	must(rg_lookup_options_new(flags, &again, NULL) == status);
	rg_lookup_options_unref(options);
	rg_lookup_options_unref(again);
}

/* What a parameter was set to it can be set to again, and then reads the same. */
static void check_again(rg_config *config, rg_str name)
{
	rg_config *copy;
	rg_str value = { NULL, 0 }, back = { NULL, 0 };

	must(rg_config_is_set(config, name) && rg_config_get(config, name, &value) == RG_OK && value.p);
	must(rg_config_copy(config, &copy) == RG_OK);
	must(rg_config_set(copy, name, value, NULL) == RG_OK);
	must(rg_config_get(copy, name, &back) == RG_OK && rg_str_equal(value, back));
	rg_config_free(copy);
}

static void check_line(rg_config *config, rg_str line, rg_error *why)
{
	const char *equals = line.n ? memchr(line.p, '=', line.n) : NULL;

	if (!equals)
		return;
	rg_str name = { line.p, (size_t)(equals - line.p) };
	rg_str value = { equals + 1, line.n - name.n - 1 };
	rg_status status = rg_config_set(config, name, value, why);
	check_error(status, why);
	if (status == RG_OK)
		check_again(config, name);
}

static void check_config(rg_str text, rg_error *why)
{
	rg_config *config;

	must(rg_config_new(&config) == RG_OK);
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		rg_str line = { text.p, end ? (size_t)(end - text.p) : text.n };
		check_line(config, line, why);
		text = end ? (rg_str){ end + 1, text.n - line.n - 1 } : (rg_str){ NULL, 0 };
	}
	check_error(rg_config_check(config, why), why);
	rg_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg_str text = { size ? (const char *)data : NULL, size };
	rg_error *why = rg_error_new();

	must(why != NULL);
	check_save(text, why);
	check_lookup(text, why);
	check_config(text, why);
	rg_error_free(why);
	return 0;
}
