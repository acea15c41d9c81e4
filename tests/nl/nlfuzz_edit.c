// SPDX-License-Identifier: GPL-2.0
/* What a change makes of one service. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#define FAULT	error_bit(EINVAL)

/* The order in which the kernel has them. */
int place_compare(const struct place *a, const struct place *b)
{
	int diff = (int)a->family - b->family;

	if (!diff)
		diff = memcmp(a->addr, b->addr, sizeof(a->addr));
	return diff ? diff : (int)a->port - b->port;
}

static int front_compare(const void *a, const void *b)
{
	return place_compare(&((const struct front *)a)->at,
			     &((const struct front *)b)->at);
}

static int end_compare(const void *a, const void *b)
{
	return place_compare(&((const struct end *)a)->at,
			     &((const struct end *)b)->at);
}

static struct front *find_front(const struct service *s, const struct place *at)
{
	uint32_t i;

	for (i = 0; i < s->num_fronts; i++)
		if (!place_compare(&s->fronts[i].at, at))
			return &s->fronts[i];
	return NULL;
}

static struct end *find_end(const struct service *s, const struct place *at)
{
	return s->num_ends ? bsearch(at, s->ends, s->num_ends,
				     sizeof(*s->ends), end_compare) : NULL;
}

static bool is_others(const struct model *m, const struct service *s,
		      uint8_t proto, const struct place *at)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		if (strcmp(m->service[i]->name, s->name) &&
		    m->service[i]->proto == proto &&
		    find_front(m->service[i], at))
			return true;
	return false;
}

static void *copy(const void *from, size_t size)
{
	void *to = malloc(size ? size : 1);

	if (size)
		memcpy(to, from, size);
	return to;
}

static struct service *service_copy(const struct service *s)
{
	struct service *to = copy(s, sizeof(*s));

	to->fronts = copy(s->fronts, s->num_fronts * sizeof(*s->fronts));
	to->ends = copy(s->ends, s->num_ends * sizeof(*s->ends));
	return to;
}

void service_free(struct service *s)
{
	free(s->fronts);
	free(s->ends);
	free(s);
}

static void add_front(struct service *s, const struct front *f)
{
	s->fronts = realloc(s->fronts, (s->num_fronts + 1) * sizeof(*f));
	s->fronts[s->num_fronts++] = *f;
}

static void del_front(struct service *s, struct front *f)
{
	uint32_t at = f - s->fronts;

	memmove(f, f + 1, (--s->num_fronts - at) * sizeof(*f));
}

/* Of those that are there already, with all that the wish says. */
static void keep_only(struct service *s, const struct service *wish)
{
	uint32_t i, num = 0;
	struct front *want;

	for (i = 0; i < s->num_fronts; i++) {
		want = find_front(wish, &s->fronts[i].at);
		if (want && s->proto == wish->proto)
			s->fronts[num++] = *want;
	}
	s->num_fronts = num;
}

static errors edit_fronts(const struct model *m, struct service *s,
			  struct service *wish, enum edit edit)
{
	struct front *f = wish->fronts, *old;
	errors broken = 0;
	uint32_t i;

	if (wish->num_fronts)
		qsort(f, wish->num_fronts, sizeof(*f), front_compare);
	if (edit == EDIT_REPLACE)
		keep_only(s, wish);
	for (i = 0; i < wish->num_fronts; i++, f++) {
		if (i && !front_compare(f - 1, f))
			return broken | FAULT;
		old = find_front(s, &f->at);
		if (edit == EDIT_DEL) {
			if (old)
				del_front(s, old);
			else
				broken |= error_bit(ENOENT);
			continue;
		}
		if (is_others(m, s, wish->proto, &f->at) ||
		    (old && edit == EDIT_ADD))
			broken |= error_bit(EEXIST);
		if (model_is_bad(m, &f->at))
			broken |= FAULT;
		if (!old)
			add_front(s, f);
	}
	return broken;
}

static void change_end(struct end *e, const struct end *want, bool all)
{
	if (all || want->given & 1)
		e->weight = want->weight;
	if (all || want->given & 2)
		e->state = want->state;
	if (all || want->given & 4)
		e->place = want->place;
}

static errors edit_end(const struct model *m, struct service *s,
		       const struct end *want, uint32_t known, enum edit edit)
{
	struct service before = *s;
	struct end *old;

	before.num_ends = known;
	old = find_end(&before, &want->at);
	if (old && edit == EDIT_ADD)
		return error_bit(EEXIST);
	if (edit == EDIT_DEL && want->given)
		return FAULT;
	if (!old && (edit == EDIT_SET || edit == EDIT_DEL))
		return error_bit(ENOENT);
	if (old && edit == EDIT_DEL) {
		/* Out of the order, for edit_ends(). */
		old->given = 0xff;
	} else if (old) {
		change_end(old, want, edit == EDIT_REPLACE);
		old->given = 1;
	} else {
		s->ends[s->num_ends] = *want;
		s->ends[s->num_ends++].given = 1;
		return model_is_bad(m, &want->at) ? FAULT : 0;
	}
	return 0;
}

static errors edit_ends(const struct model *m, struct service *s,
			struct service *wish, enum edit edit)
{
	uint32_t i, num = 0, known = s->num_ends;
	struct end *e = wish->ends;
	errors broken = 0;

	if (wish->num_ends)
		qsort(e, wish->num_ends, sizeof(*e), end_compare);
	s->ends = realloc(s->ends, (known + wish->num_ends + 1) * sizeof(*e));
	for (i = 0; i < known; i++)
		s->ends[i].given = 0;
	for (i = 0; i < wish->num_ends; i++, e++) {
		if (i && !end_compare(e - 1, e))
			return broken | FAULT;
		broken |= edit_end(m, s, e, known, edit);
	}
	for (i = 0; i < s->num_ends; i++) {
		if (s->ends[i].given == 0xff ||
		    (edit == EDIT_REPLACE && !s->ends[i].given))
			continue;
		s->ends[num] = s->ends[i];
		s->ends[num++].given = 0;
	}
	s->num_ends = num;
	qsort(s->ends, num, sizeof(*s->ends), end_compare);
	if (num > known &&
	    num > m->config.number[SVCNAT_CONFIG_A_MAX_ENDPOINTS])
		broken |= error_bit(ENOSPC);
	return broken;
}

static errors edit_rest(struct service *s, const struct service *wish,
			uint8_t given)
{
	uint32_t i;

	if (given & 1)
		s->affinity = wish->affinity;
	for (i = 0; i < 4; i++)
		if (given & 2 << i)
			s->option[i] = wish->option[i];
	s->proto = wish->proto;
	for (i = 0; i < s->num_fronts; i++)
		if (s->fronts[i].at.family && find_end(s, &s->fronts[i].at))
			return FAULT;
	return 0;
}

static bool same(const struct service *a, const struct service *b)
{
	return a->proto == b->proto && a->affinity == b->affinity &&
	       !memcmp(a->option, b->option, sizeof(a->option)) &&
	       a->num_fronts == b->num_fronts && a->num_ends == b->num_ends &&
	       !memcmp(a->fronts, b->fronts,
		       a->num_fronts * sizeof(*a->fronts)) &&
	       !memcmp(a->ends, b->ends, a->num_ends * sizeof(*a->ends));
}

/* @at: where the service is, or where it shall be */
errors service_edit(struct model *m, struct service **at, struct service *wish,
		    enum edit fronts, enum edit ends, enum change *change)
{
	struct service none = { .num_ends = 0 }, *s;
	bool replace = fronts == EDIT_REPLACE;
	errors broken = 0;

	if (!*at)
		memcpy(none.name, wish->name, sizeof(none.name));
	s = service_copy(*at ? *at : &none);
	if (fronts != EDIT_NONE)
		broken |= edit_fronts(m, s, wish, fronts);
	if (ends != EDIT_NONE)
		broken |= edit_ends(m, s, wish, ends);
	broken |= edit_rest(s, wish, replace || !*at ? 0xff : wish->given);
	if (broken) {
		service_free(s);
		return broken;
	}
	*change = *at && same(*at, s) ? CHANGE_SAME : CHANGE_MADE;
	if (*at)
		service_free(*at);
	else
		m->num++;
	*at = s;
	name_use(s->name);
	return 0;
}
