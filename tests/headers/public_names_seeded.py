#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds bad names and signatures into a small header. The named rule of public_names.py must refuse each, and no rule the header as it is."""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
import public_names  # noqa: E402
from declared import Headers  # noqa: E402

CLEAN = """
/** A slice. */
typedef struct rg_str {
	const char *p; /**< bytes */
	size_t n;      /**< number */
} rg_str;
/** A result. */
typedef struct rg_item {
	uint32_t struct_size; /**< size */
	uint32_t flags;       /**< flags */
} rg_item;
/** Empties. */
RG_API void rg_item_init(rg_item *item, uint32_t size);
/** Counted. */
typedef struct rg_lists rg_lists;
/** A callback. */
typedef void (*rg_find_cb)(void *user, rg_status status, rg_plan *plan);
/** A decision. */
typedef struct rg_plan rg_plan;
/** Members. */
typedef struct rg_ops {
	uint32_t struct_size; /**< size */
	/** Mandatory. */
	rg_status (*read)(void *self, const rg_str *name, uint32_t index, rg_str *value);
} rg_ops;
RG_API void rg_ops_init(rg_ops *ops, uint32_t size);
/** @return a list, owned by the caller. */
RG_API rg_lists *rg_lists_new(void);
RG_API rg_lists *rg_lists_ref(rg_lists *lists);
RG_API void rg_lists_unref(rg_lists *lists);
RG_API void rg_plan_free(rg_plan *plan);
/** @return the number of items. */
RG_API uint32_t rg_lists_count(const rg_lists *lists);
RG_API rg_status rg_lists_get(const rg_lists *lists, uint32_t index, rg_item *out);
RG_API uint32_t rg_plan_event_count(const rg_plan *plan);
RG_API rg_status rg_plan_event(const rg_plan *plan, uint32_t index, rg_item *out);
/** @return the number of seconds. */
RG_API uint32_t rg_plan_age(const rg_plan *plan);
/** Finds. @param out  becomes the plan, owned by the caller. */
RG_API rg_status rg_find(rg_lists *lists, rg_str domain, const rg_item *item, rg_plan **out);
/** The completion form of rg_find(). */
RG_API rg_status rg_find_async(rg_lists *lists, rg_str domain, rg_str cursor, const rg_item *item, rg_find_cb done, void *user);
/** Finds as rg_find(). */
RG_API rg_status rg_find_quickly(rg_lists *lists, rg_plan **out);
#define RG_STR(literal) ((rg_str){ "" literal, sizeof(literal) - 1 })
#define RG_MOST 64
"""
NEW = 'RG_API void rg_plan_free(rg_plan *plan);\n'

# The rule, the old text, the new text.
SEEDS = [
    ('owners', 'rg_plan_free', 'rg_plan_unref'),
    ('owners', 'rg_plan_free', 'rg_plan_end'),
    ('owners', 'RG_API void rg_plan_free(rg_plan *plan);\n', ''),
    ('owners', 'RG_API rg_lists *rg_lists_ref(rg_lists *lists);\n', ''),
    ('owners', 'RG_API void rg_lists_unref(rg_lists *lists);\n', ''),
    ('owners', NEW, NEW + 'RG_API void rg_lists_free(rg_lists *lists);\n'),
    ('owners', NEW, NEW + '/** Owned. */\nRG_API rg_status rg_read(rg_item **out);\n'),
    ('counts', 'rg_lists_count', 'rg_lists_length'),
    ('counts', 'rg_plan_event_count', 'rg_plan_events'),
    ('counts', 'RG_API uint32_t rg_plan_event_count(const rg_plan *plan);\n', ''),
    ('counts', 'the number of seconds', 'the number of wonders'),
    ('near', NEW, NEW + 'typedef struct rg_itemed rg_itemed;\n'),
    ('near', NEW, NEW + 'typedef struct rg_plans rg_plans;\n'),                               # the plural of no collection
    ('near', NEW, NEW + 'typedef void (*rg_fined_cb)(void *user);\n'),
    ('near', NEW, NEW + 'RG_API void rg_finds(rg_lists *lists);\n'),
    ('near', NEW, NEW + 'RG_API void rg_plan_event_s(rg_plan *plan);\n'),
    ('keywords', 'rg_str domain, const', 'rg_str from, const'),
    ('keywords', 'uint32_t flags;', 'uint32_t class;'),
    ('keywords', 'rg_find_cb)(void *user', 'rg_find_cb)(void *function'),
    ('keywords', 'const rg_str *name', 'const rg_str *package'),
    ('keywords', '(*read)', '(*export)'),
    ('sizes', '\tuint32_t struct_size; /**< size */\n\tuint32_t flags;', '\tsize_t struct_size; /**< size */\n\tuint32_t flags;'),
    ('sizes', '\tuint32_t struct_size; /**< size */\n\tuint32_t flags;       /**< flags */\n', '\tuint32_t flags;\n\tuint32_t struct_size;\n'),
    ('sizes', 'RG_API void rg_item_init(rg_item *item, uint32_t size);\n', ''),
    ('sizes', 'rg_item_init(rg_item *item, uint32_t size)', 'rg_item_init(rg_item *item, size_t size)'),
    ('sizes', 'RG_API void rg_ops_init(rg_ops *ops, uint32_t size);\n', ''),
    ('by_value', 'const rg_str *name', 'rg_str name'),
    ('by_value', 'rg_status (*read)', 'rg_str (*read)'),
    ('by_value', 'rg_status status, rg_plan *plan', 'rg_status status, rg_item item'),
    ('twins', 'rg_str domain, rg_str cursor, const rg_item *item', 'const rg_item *item, rg_str cursor, rg_str domain'),
    ('twins', 'rg_find_async(rg_lists *lists, rg_str domain, ', 'rg_find_async(rg_lists *lists, rg_str tag, '),
    ('twins', 'rg_find_async(rg_lists *lists, rg_str domain, rg_str', 'rg_find_async(rg_str domain, rg_lists *lists, rg_str'),
    ('twins', 'form of rg_find(). */', 'form of rg_find().\n * @param cursor  the start. */'),
    ('twins', '/** The completion form of rg_find(). */\n', ''),
    ('x_macros', NEW, NEW + '#define RG_STATE_MAP(X) \\\n\tX(ONE, 1) \\\n\tX(TWO, 2)\n'),
    ('x_macros', NEW, NEW + '#define RG_STATES(each) each(ONE) each(TWO)\n'),
    ('owned', '@param out  becomes the plan, owned by the caller. ', ''),
    ('owned', 'Finds as rg_find().', 'Finds.'),
    ('owned', '/** @return a list, owned by the caller. */', '/** @return a list. */'),
]


def refusing(folder, text):
    path = pathlib.Path(folder, 'tiny.h')
    path.write_text(text)
    headers = Headers([path])
    return {check.__name__ for check in public_names.CHECKS if check(headers)}


def main():
    with tempfile.TemporaryDirectory() as folder:
        bad = [f'{rule} refused the header as it is' for rule in sorted(refusing(folder, CLEAN))]
        for rule, old, new in SEEDS:
            if old not in CLEAN:
                bad.append(f'no {old!r} in the header')
            elif rule not in refusing(folder, CLEAN.replace(old, new, 1)):
                bad.append(f'{rule} accepted {new!r}')
    unseeded = {check.__name__ for check in public_names.CHECKS} - {rule for rule, _, _ in SEEDS}
    bad += [f'{rule} has no seed' for rule in sorted(unseeded)]
    print('\n'.join(bad) or f'{len(SEEDS)} seeded names were refused')
    return 1 if bad else 0


sys.exit(main())
