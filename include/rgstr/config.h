/* SPDX-License-Identifier: MIT */
/**
 * @file config.h
 * Configuration by name: the parameters of the base specification and our own, over one table; and the option strings of
 * save and lookup, over another.
 *
 * A config is made and filled in by one thread. A registrar copies it, so changing it later changes nothing until it is given
 * to rg_registrar_configure(). Options are immutable once made and may be shared by any number of threads and registrars.
 */
#ifndef RGSTR_CONFIG_H
#define RGSTR_CONFIG_H

#include <rgstr/response.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of parameter. */
enum {
	RG_PARAM_INT = 1,  /**< whole number in [min, max] */
	RG_PARAM_BOOL = 2, /**< 0, 1, true, false */
	RG_PARAM_TEXT = 3, /**< text of at most max bytes, without control characters */
	RG_PARAM_ENUM = 4  /**< one of the words in `choices` */
};

/** One row of the parameter table. All text is static. */
typedef struct rg_param {
	uint32_t struct_size;      /**< sizeof(rg_param), set by rg_param_get() */
	uint32_t kind;             /**< RG_PARAM_… */
	const char *name;          /**< as in the base specification, or ours */
	const char *default_text;  /**< value used while unset; NULL = none */
	const char *choices;       /**< words of an RG_PARAM_ENUM, separated by `|`; else NULL */
	const char *unit;          /**< "seconds", "bytes" …; "" where there is none */
	const char *doc;           /**< what it does, in a sentence or two */
	const char *section;       /**< where it comes from: "base 1.3.1", "RFC 3608", "ours" */
	int64_t min;               /**< least value, or least length of a text */
	int64_t max;               /**< greatest value, or greatest length of a text */
	uint32_t in_effect;        /**< 1 when this version acts on it; 0 when it is accepted and validated only */
	uint32_t from_base;        /**< 1 for the parameters of the base specification, else 0 */
} rg_param;

/** @return how many parameters there are. */
RG_API uint32_t rg_param_count(void);

/** Fills in row @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_param_get(uint32_t index, rg_param *out);

/** One row of the table of option flags. All text is static. */
typedef struct rg_flag {
	uint32_t struct_size; /**< sizeof(rg_flag), set by rg_flag_get() */
	uint32_t verb;        /**< 1 = save, 2 = lookup */
	const char *name;     /**< as in the base specification */
	const char *value;    /**< what follows `=`, in words; NULL = takes no value */
	const char *doc;      /**< what it does */
	const char *section;  /**< where it comes from */
	uint32_t in_effect;   /**< 1 when this version acts on it; 0 when it is accepted and validated only */
	uint32_t reserved;    /**< zero */
} rg_flag;

/** @return how many option flags there are, of both verbs. */
RG_API uint32_t rg_flag_count(void);

/** Fills in row @p index. @return RG_OK, or RG_ENOENT past the last one. */
RG_API rg_status rg_flag_get(uint32_t index, rg_flag *out);

/** Values of all parameters, each set or unset. */
typedef struct rg_config rg_config;

/** Makes a config with everything unset. @return RG_OK with @p out owned by the caller, or RG_ENOMEM. */
RG_API rg_status rg_config_new(rg_config **out);

/** Copies a config. @return RG_OK with @p out owned by the caller, or RG_ENOMEM. NULL copies an empty one. */
RG_API rg_status rg_config_copy(const rg_config *config, rg_config **out);

/** Releases a config. NULL is accepted. */
RG_API void rg_config_unref(rg_config *config);

/**
 * Sets a parameter from text, as a `modparam` line of the base specification has it.
 * @param why  says what is wrong with which name or value; may be NULL.
 * @return RG_OK; RG_ENOENT: no such parameter; RG_EINVAL: not a value it can have; RG_ENOMEM. On error nothing changed.
 */
RG_API rg_status rg_config_set(rg_config *config, rg_str name, rg_str value, rg_error *why);

/** The same for a number; booleans take 0 and 1. RG_EINVAL for parameters that hold text. */
RG_API rg_status rg_config_set_int(rg_config *config, rg_str name, int64_t value, rg_error *why);

/** Makes a parameter unset again, so that its default holds. @return RG_OK, or RG_ENOENT. */
RG_API rg_status rg_config_unset(rg_config *config, rg_str name, rg_error *why);

/**
 * Reads a parameter as text: the value set, else its default, in canonical spelling; absent when it has neither.
 * @param value  borrowed from the config until that parameter changes. @return RG_OK, or RG_ENOENT.
 */
RG_API rg_status rg_config_get(const rg_config *config, rg_str name, rg_str *value);

/** The same for a number or boolean. @return RG_OK; RG_ENOENT: no such parameter, or no value; RG_EINVAL: it holds text. */
RG_API rg_status rg_config_get_int(const rg_config *config, rg_str name, int64_t *value);

/** @return 1 when the parameter was set, 0 when it is unset or unknown. */
RG_API int32_t rg_config_is_set(const rg_config *config, rg_str name);

/** Checks what no single value shows: parameters that contradict each other. @return RG_OK, or RG_EINVAL. */
RG_API rg_status rg_config_check(const rg_config *config, rg_error *why);

/** Options of one save, from the flag string of the base specification §1.4.1. Immutable. */
typedef struct rg_save_options rg_save_options;

/**
 * Reads a flag string, as "max-contacts=5, force-registration". Empty and absent mean no flags.
 * @param why  names the flag and what is wrong with it; may be NULL.
 * @return RG_OK with @p out owned by the caller; RG_EINVAL: unknown flag, bad or missing value, contradiction; RG_ENOMEM.
 */
RG_API rg_status rg_save_options_new(rg_str flags, rg_save_options **out, rg_error *why);

/** Takes a reference. @return @p options. NULL is accepted. Any thread. */
RG_API rg_save_options *rg_save_options_ref(const rg_save_options *options);

/** Drops a reference. NULL is accepted. Any thread. */
RG_API void rg_save_options_unref(const rg_save_options *options);

/** Options of one lookup, from the flag string of the base specification §1.4.4. Immutable. */
typedef struct rg_lookup_options rg_lookup_options;

/** Reads a flag string, as "method-filtering, ua-filtering=/phone/i"; errors as rg_save_options_new(). */
RG_API rg_status rg_lookup_options_new(rg_str flags, rg_lookup_options **out, rg_error *why);

/** Takes a reference. @return @p options. NULL is accepted. Any thread. */
RG_API rg_lookup_options *rg_lookup_options_ref(const rg_lookup_options *options);

/** Drops a reference. NULL is accepted. Any thread. */
RG_API void rg_lookup_options_unref(const rg_lookup_options *options);

#ifdef __cplusplus
}
#endif
#endif
