/* SPDX-License-Identifier: MIT */
/* Push notifications (RFC 8599) for a REGISTER. */
#include "register/read.h"

/*
 * Two kinds of Contact are not woken here. Of one the request's Feature-Caps say that another proxy wakes the device. The other is in a
 * REGISTER that the main registrar has answered: its client does not see our Feature-Caps. Both are matched by their push parameters all
 * the same, because the device keeps its pn-prid while its address changes.
 */
static void read_push(rg__register *reg, rg__wanted *w)
{
	const rg_request *r = reg->request;
	bool removes = w->asked == 0 || w->upstream == 0;
	rg__pn pn;

	rg__pn_read(&w->uri, reg->set->push, &pn);
	if (pn.asks == RG__PN_NONE)
		return;
	if (removes) {
		w->by = rg__pn_removes_by(&pn);
		return;
	}
	bool handled = reg->cached || (pn.provider.n > 0 && rg__pn_handled(r->feature_caps, r->n_feature_caps, pn.provider));
	if (pn.asks == RG__PN_WAKE || (handled && pn.prid && pn.provider.n > 0))
		w->by = RG__BY_PUSH;
	if (handled)
		return;
	w->asks = pn.asks;
	w->provider = pn.index;
	reg->answers_push = true;
}

int32_t rg__register_push(rg__register *reg, rg__wanted *w)
{
	read_push(reg, w);
	int64_t least = rg__register_least(reg, w);

	if (rg__expires_below(w->asked, least, reg->set))
		return rg__register_brief(reg, w);
	w->expires = rg__expires_raised(w->expires, least);
	return RG_R_FINE;
}

int32_t rg__register_brief(rg__register *reg, rg__wanted *w)
{
	if (reg->set->push)
		read_push(reg, w);
	reg->min_expires = rg__expires_raised(reg->set->min_expires, rg__register_least(reg, w));
	return RG_R_MIN_EXPIRES;
}

int32_t rg__register_push_policy(const rg__register *reg)
{
	for (uint32_t i = 0; i < reg->n; i++) {
		if (reg->wanted[i].asks == RG__PN_BAD) /* RFC 8599 §8.1 */
			return RG_R_PNS_UNSUP;
	}
	return RG_R_FINE;
}
