// SPDX-License-Identifier: GPL-2.0
#include "plan_step.h"

#include <string.h>

#include "describe.h"

void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->steps.size = sizeof(struct step);
	plan->changes.size = sizeof(struct change);
}

void plan_free(struct plan *plan)
{
	struct step *step;
	size_t i;

	for (i = 0; i < plan->steps.nr; i++) {
		step = list_at(&plan->steps, i);
		list_free(&step->frontends);
		list_free(&step->endpoints);
	}
	list_free(&plan->steps);
	list_free(&plan->changes);
}

struct step *plan_add_step(struct plan *plan, const struct draft *draft,
			   int cmd)
{
	struct step *step = list_add(&plan->steps);

	step->request.cmd = cmd;
	step->draft = draft;
	step->change = plan->changes.nr;
	step->frontends.size = sizeof(struct frontend);
	step->endpoints.size = sizeof(struct endpoint);
	return step;
}

void plan_add_change(struct plan *plan, const struct change *change)
{
	struct step *step = list_at(&plan->steps, plan->steps.nr - 1);

	list_copy(&plan->changes, change);
	step->nr_changes++;
}

/* A step about a service, of which its request says no more than the name. */
struct step *plan_add_narrow_step(struct plan *plan, const struct draft *draft,
				  int cmd, const char *name)
{
	struct step *step = plan_add_step(plan, draft, cmd);

	step->service.head.given = GIVEN(SVCNAT_SERVICE_A_NAME);
	step->service.head.service = name;
	return step;
}

/* To remove it, its place alone is sent. */
void step_add_frontend(struct step *step, const struct frontend *frontend)
{
	struct frontend *copy = list_copy(&step->frontends, frontend);

	if (step->request.cmd != SVCNAT_CMD_FRONTEND_DEL)
		return;
	copy->allow = (struct list){ .size = sizeof(struct range) };
	copy->head.given = GIVEN(SVCNAT_FRONTEND_A_PORT) |
			   (copy->addr.family ? GIVEN(SVCNAT_FRONTEND_A_ADDR4) :
						GIVEN(SVCNAT_FRONTEND_A_KIND));
}

void step_add_endpoint(struct step *step, const struct change *change)
{
	struct endpoint *copy = list_copy(&step->endpoints, change->object);

	copy->head.given = GIVEN(SVCNAT_ENDPOINT_A_ADDR4) |
			   GIVEN(SVCNAT_ENDPOINT_A_PORT) | change->given;
}

static void settle(struct step *step)
{
	struct request *req = &step->request;

	if (has(&step->service, SVCNAT_SERVICE_A_NAME))
		req->service = &step->service;
	if (step->frontends.nr) {
		req->frontends = list_at(&step->frontends, 0);
		req->nr_frontends = step->frontends.nr;
	}
	if (step->endpoints.nr) {
		req->endpoints = list_at(&step->endpoints, 0);
		req->nr_endpoints = step->endpoints.nr;
	}
}

void plan_settle(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->steps.nr; i++)
		settle(list_at(&plan->steps, i));
}

void plan_config(struct plan *plan, const struct config *want,
		 const struct config *now)
{
	uint64_t differs = config_differs(want, now);
	struct change change = {
		.cmd = SVCNAT_CMD_CONFIG_SET,
		.object = &plan->config,
	};
	struct step *step;
	int attr;

	if (!differs)
		return;
	plan->config = *want;
	plan->config.head.given = differs;
	step = plan_add_step(plan, NULL, SVCNAT_CMD_CONFIG_SET);
	step->request.subject = "config";
	step->request.config = &plan->config;
	for (attr = 1; attr <= SVCNAT_CONFIG_A_MAX; attr++) {
		change.given = differs & GIVEN(attr);
		if (change.given)
			plan_add_change(plan, &change);
	}
}

static void describe_draft(FILE *out, const char *words,
			   const struct draft *draft)
{
	const struct array frontends = {
		.item = draft->frontends.item, .nr = draft->frontends.nr,
	};
	const struct array endpoints = {
		.item = draft->endpoints.item, .nr = draft->endpoints.nr,
	};

	fprintf(out, "%s ", words);
	describe_service(out, &draft->service, frontends, endpoints);
}

static void describe_config(FILE *out, const struct change *change)
{
	int attr;

	for (attr = 1; attr <= SVCNAT_CONFIG_A_MAX; attr++) {
		if (!(change->given & GIVEN(attr)))
			continue;
		fputs("config set ", out);
		describe_key(out, change->object, attr);
	}
}

static void describe_member(FILE *out, const struct change *change)
{
	const char *name = ((const struct head *)change->object)->service;

	switch (change->cmd) {
	case SVCNAT_CMD_FRONTEND_NEW:
		fprintf(out, "frontend add %s ", name);
		describe_frontend(out, change->object);
		return;
	case SVCNAT_CMD_FRONTEND_DEL:
		fprintf(out, "frontend del %s ", name);
		describe_place(out, change->object);
		return;
	case SVCNAT_CMD_ENDPOINT_NEW:
		fprintf(out, "endpoint add %s ", name);
		break;
	case SVCNAT_CMD_ENDPOINT_SET:
		fprintf(out, "endpoint set %s ", name);
		break;
	case SVCNAT_CMD_ENDPOINT_DEL:
		fprintf(out, "endpoint del %s ", name);
		break;
	}
	describe_endpoint(out, change->object, change->given);
}

static void describe_change(FILE *out, const struct change *change)
{
	const char *name = ((const struct head *)change->object)->service;

	switch (change->cmd) {
	case SVCNAT_CMD_CONFIG_SET:
		describe_config(out, change);
		return;
	case SVCNAT_CMD_SERVICE_NEW:
		describe_draft(out, "service add", change->object);
		return;
	case SVCNAT_CMD_SERVICE_REPLACE:
		describe_draft(out, "service replace", change->object);
		return;
	case SVCNAT_CMD_SERVICE_SET:
		fprintf(out, "service set %s", name);
		describe_options(out, change->object, change->given);
		return;
	case SVCNAT_CMD_SERVICE_DEL:
		fprintf(out, "service del %s", name);
		return;
	}
	describe_member(out, change);
}

void step_describe(const struct plan *plan, const struct step *step, FILE *out)
{
	size_t i;

	for (i = 0; i < step->nr_changes; i++) {
		describe_change(out, list_at(&plan->changes, step->change + i));
		fputc('\n', out);
	}
}
