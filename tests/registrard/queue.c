/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <criterion/criterion.h>

struct letter {
	struct queue_entry entry;
	char letter;
};

static void expect(const struct queue *queue, const char *letters)
{
	for (const struct letter *l = queue_first(queue); l; l = queue_next(queue, &l->entry), letters++)
		cr_assert_eq(l->letter, *letters);
	cr_expect_eq(*letters, '\0');
}

Test(queue, entries_keep_their_order_and_are_in_one_list)
{
	struct letter a = { .letter = 'a' }, b = { .letter = 'b' }, c = { .letter = 'c' };
	struct queue one = { 0 }, other = { 0 };

	expect(&one, "");
	queue_remove(&a.entry);
	queue_add(&one, &a.entry);
	queue_add(&one, &b.entry);
	queue_add(&one, &c.entry);
	expect(&one, "abc");
	queue_add(&one, &a.entry);
	expect(&one, "bca");
	queue_add(&other, &c.entry);
	expect(&one, "ba");
	expect(&other, "c");
	queue_remove(&c.entry);
	queue_remove(&c.entry);
	queue_remove(&a.entry);
	queue_remove(&b.entry);
	expect(&one, "");
	expect(&other, "");
	queue_add(&other, &b.entry);
	expect(&other, "b");
}
