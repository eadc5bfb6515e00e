/* SPDX-License-Identifier: MIT */
/* Each public header is compiled from this file alone, twice over, as C11 and as C++17 (see meson.build). */
#include RG_HEADER
#include RG_HEADER

int main(void)
{
	return 0;
}
