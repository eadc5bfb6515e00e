/* SPDX-License-Identifier: MIT */
/* Each public header is compiled from this file alone, twice over, in several versions of C and C++ (see meson.build). */
#include RG_HEADER
#include RG_HEADER

int main(void)
{
	const rg_str text = RG_STR("text");

	return text.n == 4 ? 0 : 1;
}
