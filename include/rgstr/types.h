/* SPDX-License-Identifier: MIT */
/**
 * @file types.h
 * The plain types of all other headers: slices, time, addresses.
 *
 * Nothing here allocates, and every function is safe on any thread.
 *
 * **The law of struct_size.** A struct that begins with a `struct_size`, and may so get members in a later version, belongs to a caller, who
 * calls its init function first: `rg_X_init(&x, sizeof x)`. This sets `struct_size`, also of a struct that the library fills in, and gives
 * each member its default. In C, `rg_X x = { .struct_size = sizeof x };` is the same where all defaults are 0. The library reads and writes
 * no more than both the caller and it know. It accepts these sizes:
 * - that of the first release, that of this version, and any in between that ends with a member that was appended;
 * - a larger one of at most 4096 bytes, when everything behind what this version knows is zero.
 *
 * Any other size is refused: the function returns RG_EINVAL, and has neither read nor written the struct. What a smaller struct lacks has its
 * default. An array of such structs is walked by the `struct_size` of its first element, which all elements have. A function that fills in a
 * struct leaves `struct_size` as it is. It empties the struct, as its init function does, when it returns RG_ENOENT.
 */
#ifndef RGSTR_TYPES_H
#define RGSTR_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks a function that the shared library exports. */
#if defined(__GNUC__)
#define RG_API __attribute__((visibility("default")))
#else
#define RG_API
#endif

/**
 * A borrowed run of bytes. It is not NUL-terminated, may hold any octet, and is never freed through this type.
 * A slice with `p == NULL` is *absent*: the value was not given. `n` is then 0. Comments say where absent and empty differ.
 */
typedef struct rg_str {
	const char *p; /**< first byte; NULL = absent */
	size_t n;      /**< length in bytes */
} rg_str;

/** A slice of a string literal, for callers in C and in C++11 or later. Other languages use rg_str_from(). */
#if defined(__cplusplus)
#define RG_STR(literal) (rg_str{ "" literal, sizeof(literal) - 1 })
#else
#define RG_STR(literal) ((rg_str){ "" literal, sizeof(literal) - 1 })
#endif

/** Milliseconds since the Unix epoch. The library uses saturating arithmetic on it. */
typedef int64_t rg_time;

/** "Never": later than every other time. */
#define RG_TIME_NEVER INT64_MAX

/** One of the codes of status.h: RG_OK, RG_PENDING, or negative. */
typedef int32_t rg_status;

/*
 * A callback, and a member of a table of functions, takes its slices by address, because many languages cannot make a function that takes a
 * struct by value. The address is never NULL; a value that is absent has `p == NULL`. The slice and what it points to are borrowed for the
 * call. Plain functions take a slice by value.
 */

/** Releases the `user` pointer of a callback. The library calls it exactly once, after its last use of the pointer. May be NULL. */
typedef void (*rg_free_cb)(void *user);

/** @return the slice of a NUL-terminated string, without the NUL; the absent slice for NULL. The string is borrowed. */
RG_API rg_str rg_str_from(const char *text);

/** @return 1 when both slices hold the same octets, else 0. An absent slice equals an empty one. */
RG_API int32_t rg_str_equal(rg_str a, rg_str b);

/** An IP address and a port. `family` 0 means no address. */
typedef struct rg_addr {
	uint8_t ip[16];   /**< network order; IPv4 uses the first four, the rest are zero */
	uint16_t port;    /**< host order; 0 = any or unknown */
	uint8_t family;   /**< 4, 6, or 0 for none */
	uint8_t reserved; /**< zero */
} rg_addr;

/**
 * Reads an IPv4 or IPv6 address with an optional `:port`. An IPv6 address may stand in brackets, and must do so before a port.
 * An IPv4-mapped IPv6 address is read as IPv4.
 * @return RG_OK. RG_EINVAL, with @p out zeroed: the text is no address, or the port is not within 1–65535.
 */
RG_API rg_status rg_addr_parse(rg_str text, rg_addr *out);

/**
 * Prints the canonical text of an address (RFC 5952 for IPv6, in brackets when a port follows).
 * @param room  the buffer to print into; 64 bytes hold any address. @param size  its size in bytes.
 * @return the printed slice, in @p room. Absent when there is no address, the family is 0, or the buffer is too small.
 */
RG_API rg_str rg_addr_print(const rg_addr *addr, char *room, size_t size);

/** @return 1 when the addresses are equal and the ports are equal or one of them is 0, else 0. Family 0 and NULL match nothing. */
RG_API int32_t rg_addr_match(const rg_addr *a, const rg_addr *b);

/**
 * Judges the size of a caller's struct by the law above: for libraries that have structs with a `struct_size` of their own, as the options of
 * a store.
 * @param given  a struct that starts with its `struct_size`. @param sizes  the sizes to accept, ascending: the offset of each member that was
 * appended since the first release, then the size of the struct. @param n  their number.
 * @return 1 when the size is one of them, or is above the last, at most 4096, and everything behind the last is zero. Else 0, and for NULL.
 */
RG_API int32_t rg_struct_fits(const void *given, const uint32_t *sizes, uint32_t n);

/** @return the version of the loaded library, as "major.minor.patch". Static text. */
RG_API const char *rg_version(void);

/** Releases memory that a function of this library returned, where its comment names rg_mem_free(). NULL is accepted. */
RG_API void rg_mem_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
