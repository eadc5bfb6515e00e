/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

Test(refuse, each_reason_has_its_code_and_text)
{
	world w = new_world();

	set(&w, "retry_after", "9");
	for (int32_t i = 1; i < rg_reason_count(); i++) {
		rg_response *r = NULL;
		bool server = rg_reason_code(i) >= 500;

		cr_assert_eq(rg__refusal(i, w.config, NULL, NULL, START, &r), RG_OK);
		cr_expect_eq(rg_response_reason(r), i);
		cr_expect_eq(rg_response_code(r), rg_reason_code(i));
		cr_expect(rg_str_equal(rg_response_header(r, RG_STR("P-Registrar-Error"), 0), rg_str_from(rg_reason_text(i))));
		cr_expect_eq(rg_response_header(r, RG_STR("Retry-After"), 0).n, server ? 1 : 0);
		rg_response_free(r);
	}
	end_world(&w);
}

Test(refuse, retry_after_is_left_out_unless_configured)
{
	rg_response *r = NULL;

	cr_assert_eq(rg__refusal(RG_R_STORE, NULL, NULL, NULL, START, &r), RG_OK);
	cr_expect_eq(rg_response_code(r), 503);
	cr_expect_eq(rg_response_header(r, RG_STR("Retry-After"), 0).n, 0);
	rg_response_free(r);
}
