/* SPDX-License-Identifier: MIT */
/**
 * @file config.h
 * Configuration by name: the parameters of the base specification and our own, and the flag strings of save and lookup. The library reads
 * each from one table, which rg_param_get() and rg_flag_get() list.
 *
 * One thread at a time uses a config. A registrar copies it: a later change takes effect only through rg_registrar_configure(). Options
 * are immutable. Any number of threads and registrars may share them.
 */
#ifndef RGSTR_CONFIG_H
#define RGSTR_CONFIG_H

#include <rgstr/response.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of parameter. A later version may add kinds. */
enum {
	RG_PARAM_INT = 1,  /**< whole number in [min, max] */
	RG_PARAM_BOOL = 2, /**< 0, 1, true, false */
	RG_PARAM_TEXT = 3, /**< text of min to max bytes, without control characters */
	RG_PARAM_ENUM = 4  /**< one of the words in `choices` */
};

/** One row of the parameter table. All text is static. */
typedef struct rg_param {
	uint32_t struct_size;      /**< set by rg_param_init() */
	uint32_t kind;             /**< RG_PARAM_… */
	const char *name;          /**< name in the base specification, or a name of our own */
	const char *default_text;  /**< value in effect while the parameter is unset; NULL = none */
	const char *choices;       /**< words of an RG_PARAM_ENUM, separated by `|`; NULL for other kinds */
	const char *unit;          /**< "seconds", "bytes" …; "" = no unit */
	const char *doc;           /**< what the parameter does, in a sentence or two */
	const char *section;       /**< its origin: "base 1.3.1", "RFC 3608", "ours" */
	int64_t min;               /**< smallest value, or smallest length of a text */
	int64_t max;               /**< largest value, or largest length of a text */
	uint32_t in_effect;        /**< 1: this version acts on it; 0: it is accepted and validated only */
	uint32_t from_base;        /**< 1: a parameter of the base specification; 0: ours */
} rg_param;

/** Empties a row of the parameter table. @p size is sizeof(rg_param). NULL is accepted. */
RG_API void rg_param_init(rg_param *param, uint32_t size);

/** @return the number of parameters. */
RG_API uint32_t rg_param_count(void);

/** Fills in row @p index of the parameter table. @return RG_OK; RG_ENOENT past the last row; RG_EINVAL: no @p out, or its size is refused. */
RG_API rg_status rg_param_get(uint32_t index, rg_param *out);

/** One row of the table of option flags. All text is static. */
typedef struct rg_flag {
	uint32_t struct_size; /**< set by rg_flag_init() */
	uint32_t verb;        /**< 1 = save, 2 = lookup */
	const char *name;     /**< name in the base specification */
	const char *value;    /**< what follows `=`, in words; NULL = the flag takes no value */
	const char *doc;      /**< what the flag does, in a sentence or two */
	const char *section;  /**< its origin, as rg_param.section */
	uint32_t in_effect;   /**< 1: this version acts on it; 0: it is accepted and validated only */
	uint32_t reserved;    /**< zero */
} rg_flag;

/** Empties a row of the table of flags. @p size is sizeof(rg_flag). NULL is accepted. */
RG_API void rg_flag_init(rg_flag *flag, uint32_t size);

/** @return the number of option flags of both verbs. */
RG_API uint32_t rg_flag_count(void);

/** Fills in row @p index of the table of flags. @return as rg_param_get(). */
RG_API rg_status rg_flag_get(uint32_t index, rg_flag *out);

/** A value for each parameter. A parameter is set or unset. */
typedef struct rg_config rg_config;

/** Makes a config with all parameters unset. @return RG_OK with @p out owned by the caller, or RG_ENOMEM. */
RG_API rg_status rg_config_new(rg_config **out);

/** Copies a config; NULL stands for one with all parameters unset. @return RG_OK with @p out owned by the caller, or RG_ENOMEM. */
RG_API rg_status rg_config_copy(const rg_config *config, rg_config **out);

/** Releases a config. NULL is accepted. */
RG_API void rg_config_free(rg_config *config);

/**
 * Sets a parameter from text, as it stands in a `modparam` line of the base specification.
 * @param value  copied. @param why  names the parameter and what is wrong; may be NULL.
 * @return RG_OK; RG_ENOENT: there is no such parameter; RG_EINVAL: the parameter cannot have this value, or there is no config; RG_ENOMEM.
 * On an error the config has not changed.
 */
RG_API rg_status rg_config_set(rg_config *config, rg_str name, rg_str value, rg_error *why);

/**
 * Sets a parameter to a number. A boolean takes 0 and 1, a parameter of words takes a word that is a number.
 * @return as rg_config_set(); RG_EINVAL also for an RG_PARAM_TEXT.
 */
RG_API rg_status rg_config_set_int(rg_config *config, rg_str name, int64_t value, rg_error *why);

/**
 * Unsets a parameter: its default is in effect again.
 * @return RG_OK; RG_ENOENT: there is no such parameter; RG_EINVAL: there is no config.
 */
RG_API rg_status rg_config_unset(rg_config *config, rg_str name, rg_error *why);

/**
 * Reads a parameter as text in canonical spelling: its value when it is set, else its default, else absent.
 * @param config  NULL = all defaults. @param value  borrowed from the config until this parameter changes.
 * @return RG_OK; RG_ENOENT: there is no such parameter.
 */
RG_API rg_status rg_config_get(const rg_config *config, rg_str name, rg_str *value);

/**
 * Reads a parameter as a number. @param config  NULL = all defaults.
 * @return RG_OK; RG_ENOENT: there is no such parameter, or it has neither value nor default; RG_EINVAL: it is an RG_PARAM_TEXT, or a word
 * that is no number.
 */
RG_API rg_status rg_config_get_int(const rg_config *config, rg_str name, int64_t *value);

/** @return 1 when the parameter is set, 0 when it is unset or unknown. */
RG_API int32_t rg_config_is_set(const rg_config *config, rg_str name);

/**
 * Checks a config for parameters that contradict each other: a `min_expires` that is set above `max_expires`; a `pn_pnsreg_interval` that
 * is not above 120, or is below `pn_trigger_interval`; while `pn_enable` is on, a `max_expires` that is not above `pn_trigger_interval` and
 * `pn_refresh_timeout` together, which leaves no time to wake a device before its binding expires, and
 * these two together too large for any lifetime.
 * @param config  NULL = all defaults. @param why  names the contradiction; may be NULL. @return RG_OK or RG_EINVAL.
 */
RG_API rg_status rg_config_check(const rg_config *config, rg_error *why);

/** Options of a save, made from a flag string (base specification §1.4.1). Immutable. */
typedef struct rg_save_options rg_save_options;

/**
 * Reads a flag string of at most 4096 bytes, as "max-contacts=5, force-registration". An empty or absent string has no flags.
 * @param flags  need not outlive the call. @param why  names the flag and what is wrong with it; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: a flag is unknown, a value is invalid or missing, or two flags contradict each
 * other; RG_ENOMEM.
 */
RG_API rg_status rg_save_options_new(rg_str flags, rg_save_options **out, rg_error *why);

/** Takes a reference. @return @p options. NULL is accepted. Any thread. */
RG_API rg_save_options *rg_save_options_ref(const rg_save_options *options);

/** Drops a reference. NULL is accepted. Any thread. */
RG_API void rg_save_options_unref(const rg_save_options *options);

/** Options of a lookup, made from a flag string (base specification §1.4.4). Immutable. */
typedef struct rg_lookup_options rg_lookup_options;

/** Reads a flag string of lookup, as "method-filtering, ua-filtering=/phone/i". Everything else as rg_save_options_new(). */
RG_API rg_status rg_lookup_options_new(rg_str flags, rg_lookup_options **out, rg_error *why);

/** Takes a reference. @return @p options. NULL is accepted. Any thread. */
RG_API rg_lookup_options *rg_lookup_options_ref(const rg_lookup_options *options);

/** Drops a reference. NULL is accepted. Any thread. */
RG_API void rg_lookup_options_unref(const rg_lookup_options *options);

#ifdef __cplusplus
}
#endif
#endif
