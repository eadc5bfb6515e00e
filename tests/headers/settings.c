/* SPDX-License-Identifier: MIT */
/* Reads the settings and flag strings that a page shows, a line each: `config NAME = VALUE`, `save FLAGS`, `lookup FLAGS`. */
#include <rgstr/rgstr.h>
#include <stdio.h>
#include <string.h>

static rg_status read_setting(rg_config *config, char *text, rg_error *why)
{
	char *value = strstr(text, " = ");

	if (!value)
		return rg_error_set(why, RG_EINVAL, RG_STR("no NAME = VALUE"));
	*value = '\0';
	return rg_config_set(config, rg_str_from(text), rg_str_from(value + 3), why);
}

static rg_status read_line(rg_config *config, char *line, rg_error *why)
{
	rg_lookup_options *lookup = NULL;
	rg_save_options *save = NULL;
	rg_status status;

	if (strncmp(line, "config ", 7) == 0)
		return read_setting(config, line + 7, why);
	if (strncmp(line, "save ", 5) == 0)
		status = rg_save_options_new(rg_str_from(line + 5), &save, why);
	else
		status = rg_lookup_options_new(rg_str_from(line + 7), &lookup, why);
	rg_save_options_unref(save);
	rg_lookup_options_unref(lookup);
	return status;
}

/* The specification's examples of max_expires and pn_enable exclude each other, as the page says. All others go together, with either. */
static int contradicts(const rg_config *config, const char *without, rg_error *why)
{
	rg_config *rest = NULL;
	int bad = rg_config_copy(config, &rest) != RG_OK || rg_config_unset(rest, rg_str_from(without), why) != RG_OK ||
		rg_config_check(rest, why) != RG_OK;

	rg_config_free(rest);
	return bad;
}

int main(void)
{
	rg_error *why = rg_error_new();
	rg_config *config = NULL;
	int failed = rg_config_new(&config) != RG_OK;
	char line[512];

	while (!failed && fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		failed = read_line(config, line, why) != RG_OK;
	}
	failed = failed || contradicts(config, "max_expires", why) || contradicts(config, "pn_enable", why);
	if (failed)
		fprintf(stderr, "%s: %s\n", line, rg_error_text(why).p);
	rg_config_free(config);
	rg_error_free(why);
	return failed;
}
