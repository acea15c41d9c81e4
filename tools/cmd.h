/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands share.  Each object has its file, cmd_<object>.c. */
#ifndef _SVCCTL_CMD_H
#define _SVCCTL_CMD_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "collection.h"
#include "draft.h"
#include "nl.h"
#include "object.h"
#include "patience.h"
#include "print.h"
#include "snapshot.h"
#include "words.h"

/**
 * struct command - a command of an object
 * @word: its word, empty if the object has but one command; NULL ends an array
 *	of commands
 * @run: takes the words behind @word, all before the kernel is asked
 *	anything; returns the exit code
 * @grammar: what may stand behind @word
 */
struct command {
	const char *word;
	int (*run)(struct words *w);
	const char *grammar;
};

/**
 * struct object - an object of the grammar
 * @word: its word
 * @commands: its commands
 * @notes: the rest of its help
 */
struct object {
	const char *word;
	const struct command *commands;
	const char *notes;
};

extern const struct object object_service;
extern const struct object object_frontend;
extern const struct object object_endpoint;
extern const struct object object_affinity;
extern const struct object object_flow;
extern const struct object object_config;
extern const struct object object_stats;
extern const struct object object_simulate;
extern const struct object object_save;
extern const struct object object_apply;
extern const struct object object_monitor;
extern const struct object object_top;
extern const struct object object_doctor;

/* What the command line asked for. */
struct options {
	bool json;
	bool stats;
};

extern struct options options;

/* Runs the words of one command, of which there is at least one. */
int cmd_run(char **words);
void cmd_usage(FILE *out);

/* Our way to the kernel. */
struct nl *cmd_nl(void);

/* Asks the kernel; on failure complains.  Returns the exit code. */
int cmd_request(const struct request *req, nl_reply_fn fn, void *arg);

/* The same in two steps, for NL_INTERRUPTED is no exit code. */
int cmd_try(const struct request *req, nl_reply_fn fn, void *arg);
int cmd_complain(int code);

/*
 * The same about service @name, or about none if that is NULL: asks whether
 * another was meant if the kernel does not know it.
 */
int cmd_complain_about(int code, const char *name);

/* Whether @code, of cmd_try(), says that what it asked for does not exist. */
bool cmd_is_gone(int code);

/* The objects of the grammar, in order; NULL behind the last one. */
const struct object *cmd_object(size_t i);

/* In the netns that is called @name from now on; false if there is none. */
bool cmd_enter(const char *name);

int cmd_complete(struct words *w);
int cmd_version(struct words *w);

#define VERSION_DOUBT_SIZE	160

/* What to add to a refusal that may come of different versions; or "". */
const char *version_doubt(char text[VERSION_DOUBT_SIZE], int error);

/* The index of a network device; or complains.  Returns the exit code. */
int cmd_device(const char *name, uint32_t *index);

/* A request about service @name, or about all if that is NULL. */
struct request cmd_about(int cmd, const char *subject,
			 struct service *service, const char *name);

/*
 * Reads service @name, or all if that is NULL, with counters if they are asked
 * for; or complains.  Returns the exit code.  Complains as well about a service
 * that never stood still, which is then there as it was read last.
 */
int cmd_snapshot(struct snapshot *snap, const char *name);

/*
 * Reads all services, each of one moment; or complains, of one that never stood
 * still with what was not done therefore: "saved".  Returns the exit code.
 */
int cmd_settled_snapshot(struct snapshot *snap, const char *undone);

/* All of "endpoint drain". */
int endpoint_drain(struct words *w);

struct member_output {
	void (*json)(const struct list *objects);
	void (*table)(const struct list *objects);
};

/* All of "frontend show [NAME]" and "endpoint show [NAME]". */
int member_show(struct words *w, int attr, const struct member_output *output);

/* "service show", of one service or of all if @name is NULL. */
int service_list(const char *name);

/* Takers of words; NOT_AN_OPTION if the next is none. */
#define NOT_AN_OPTION	(-1)

/* NAME PROTO and all that may follow, into a draft without anything. */
int service_words(struct words *w, struct draft *draft);
/* KEY VALUE [KEY VALUE]..., added to what @config has; config_free() then. */
int config_words(struct words *w, struct config *config);
int frontend_address(struct words *w, struct frontend *frontend);
int frontend_option(struct words *w, struct frontend *frontend);
int endpoint_address(struct words *w, struct endpoint *endpoint);
int endpoint_option(struct words *w, struct endpoint *endpoint);
/* Link-local addresses are those of clouds' metadata, too: CVE-2021-25737. */
void endpoint_warn(const struct endpoint *endpoint);

/* Members of the JSON object that is open. */
void service_json(const struct service *service);
void frontend_json(const struct frontend *frontend);
void endpoint_json(const struct endpoint *endpoint);

void config_json(const struct config *config);

/* Reads the configuration, or complains.  Returns the exit code. */
int config_read(struct config *config);
void config_free(struct config *config);

/* The keys of the configuration, in order; NULL behind the last one. */
const char *config_key(size_t i);

/* Words that the value of @key may be, up to a NULL; or NULL. */
const char *const *config_values(const char *key);

/* Under "stats"; nothing without -s. */
void stats_json(const struct counters *counters);
void stats_members(const struct counters *counters);

/* The columns that -s adds, and their cells. */
#define STATS_COLUMNS \
	{ .head = "CONNECTIONS", .right = true }, \
	{ .head = "REQ-PACKETS", .right = true }, \
	{ .head = "REQ-BYTES", .right = true }, \
	{ .head = "REP-PACKETS", .right = true }, \
	{ .head = "REP-BYTES", .right = true }
#define NR_STATS_COLUMNS	5

void stats_cells(struct table *table, const struct counters *counters);

/* All of a command "flush [NAME]". */
int cmd_flush(struct words *w, int cmd, const char *subject);

/* "-" if @attr is not given. */
void table_number(struct table *table, const void *object, int attr,
		  uint64_t value);
void table_addr_port(struct table *table, const struct addr *addr,
		     uint16_t port);

/* Null if @attr is not given. */
void json_given(const char *key, const void *object, int attr,
		uint64_t value);
void json_choice(const char *key, const void *object, int attr,
		 const struct choice *choices, int value);
void json_addr(const char *key, const struct addr *addr);

#endif /* _SVCCTL_CMD_H */
