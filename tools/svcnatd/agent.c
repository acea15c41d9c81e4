// SPDX-License-Identifier: GPL-2.0
#include "agent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "agent_inside.h"
#include "log.h"
#include "privilege.h"
#include "trigger.h"

/* Microseconds that our Node is waited for before we do without. */
#define NODE_PATIENCE	10000000
/* Of tries of what the kernel refused, or when it cannot be asked. */
#define RETRY_MIN	1000000
#define RETRY_MAX	60000000
/* Of tries of servers that could not listen. */
#define LISTEN_AGAIN	5000000
#define LOW_PORT	1024
/* What nobody is known to have changed is read even so, as kube-proxy does. */
#define READ_AGAIN	3600000000

/* Timers. */

static void set_timer(sd_event_source *timer, uint64_t usec)
{
	sd_event_source_set_time_relative(timer, usec);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static bool is_set(sd_event_source *timer)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(timer, &enabled);
	return enabled != SD_EVENT_OFF;
}

static bool add_timer(struct agent *agent, sd_event_source **timer,
		      sd_event_time_handler_t fn)
{
	if (sd_event_add_time_relative(agent->event, timer, CLOCK_MONOTONIC,
				       0, 1, fn, agent) < 0)
		return false;
	sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
	return true;
}

/* The kernel. */

/* Half of what there is would be worse than what is there. */
bool agent_is_complete(const struct agent *agent)
{
	return kube_store_listed(agent->store, KUBE_SERVICE) &&
	       kube_store_listed(agent->store, KUBE_SLICE) &&
	       (kube_store_listed(agent->store, KUBE_NODE) ||
		agent->node_late);
}

static bool lacks_node(const struct agent *agent)
{
	return kube_store_listed(agent->store, KUBE_SERVICE) &&
	       kube_store_listed(agent->store, KUBE_SLICE) &&
	       !kube_store_listed(agent->store, KUBE_NODE);
}

void agent_schedule(struct agent *agent)
{
	uint64_t now = health_now();
	uint64_t next = agent->last +
			(uint64_t)agent->options->min_sync_period * 1000;

	/* Without the kernel there is nothing to do until it is tried again. */
	if (agent->blocked)
		return;
	if (!agent_is_complete(agent)) {
		/* Its patience does not begin anew with what else happens. */
		if (lacks_node(agent) && !is_set(agent->node_timer))
			set_timer(agent->node_timer, NODE_PATIENCE);
		return;
	}
	if (!is_set(agent->sync_timer))
		set_timer(agent->sync_timer,
			  agent->last && next > now ? next - now : 0);
}

static void become_ready(struct agent *agent)
{
	agent->ready = true;
	log_line(LOG_INFO, "the kernel is equal to the cluster",
		 LOG_NUMBER("services",
			    (long long)sync_services(agent->sync)));
	sd_notify(0, "READY=1\nSTATUS=The kernel is equal to the cluster.");
	if (agent->options->task == TASK_ONCE)
		sd_event_exit(agent->event, 0);
}

static void note_done(struct agent *agent, bool full, uint64_t begin)
{
	double seconds = (double)(health_now() - begin) / 1e6;

	histogram_observe(&agent->times.sync, seconds);
	histogram_observe(full ? &agent->times.full : &agent->times.partial,
			  seconds);
	trigger_observe(&agent->triggers, &agent->times.programming);
	agent->times.updated = health_date();
	memset(agent->pending, 0, sizeof(agent->pending));
	health_update(&agent->health);
	if (!agent->ready)
		become_ready(agent);
}

static void run_sync(struct agent *agent)
{
	bool full = agent->full || !agent->ready;
	uint64_t begin = health_now();
	size_t refused;

	agent->last = begin;
	agent->full = false;
	if (!sync_run(agent->sync, full)) {
		agent->blocked = true;
		set_timer(agent->retry_timer, backoff_take(&agent->backoff));
		return;
	}
	if (full)
		agent->read = begin;
	note_done(agent, full, begin);
	refused = sync_refused(agent->sync);
	if (!refused)
		backoff_reset(&agent->backoff);
	else if (full || refused > agent->refused)
		set_timer(agent->retry_timer, backoff_take(&agent->backoff));
	agent->refused = refused;
}

static int on_sync(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	run_sync(arg);
	return 0;
}

/* The kernel may be asked again; what was refused may be taken now. */
static int on_retry(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;

	(void)source;
	(void)usec;
	agent->full = true;
	agent->blocked = false;
	agent_schedule(agent);
	return 0;
}

/* To read all takes a while, in which nothing else is done. */
static bool is_to_be_read(struct agent *agent)
{
	return kernel_ops.meddled(agent->kernel) ||
	       health_now() - agent->read >= READ_AGAIN;
}

static int on_period(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;

	(void)usec;
	checks_retry(agent->checks);
	if (agent->ready && !agent->blocked) {
		agent->full |= is_to_be_read(agent);
		agent_schedule(agent);
	}
	set_timer(source, (uint64_t)agent->options->sync_period * 1000);
	return 0;
}

static int on_node_late(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;

	(void)source;
	(void)usec;
	if (!lacks_node(agent))
		return 0;
	log_line(LOG_WARNING, "our Node does not come, going on without its zone, ranges and addresses",
		 LOG_TEXT("node", agent->options->node));
	agent->node_late = true;
	agent_schedule(agent);
	return 0;
}

/* Those who ask. */

static bool is_healthy(void *arg)
{
	const struct agent *agent = arg;

	return health_is_good(&agent->health);
}

static bool listen_one(struct server *server, const struct addr *addr,
		       uint16_t port)
{
	return !port || server_is_listening(server) ||
	       server_listen(server, addr, port);
}

/* False if one of them still does not, which is tried again. */
static bool listen_missing(struct agent *agent)
{
	const struct agent_options *options = agent->options;
	bool healthz, metrics;

	healthz = listen_one(agent->healthz, &options->healthz_address,
			     options->healthz_port);
	metrics = listen_one(agent->metrics, &options->metrics_address,
			     options->metrics_port);
	if (healthz && metrics)
		return true;
	set_timer(agent->listen_timer, LISTEN_AGAIN);
	return false;
}

static int on_listen(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	listen_missing(arg);
	return 0;
}

static bool open_servers(struct agent *agent)
{
	const struct agent_options *options = agent->options;

	agent->health.timeout = (uint64_t)options->sync_period * 2000;
	agent->checks = checks_new(agent->event, is_healthy, agent);
	agent->healthz = server_alloc(agent->event, "healthz", health_answer,
				      &agent->health);
	agent->metrics = server_alloc(agent->event, "metrics", agent_metrics,
				      agent);
	if (!agent->checks || !agent->healthz || !agent->metrics)
		return false;
	if (options->task == TASK_ONCE)
		return true;
	return listen_missing(agent) || !options->bind_hard_fail;
}

static void on_look(const struct kube_entry *entry, void *arg)
{
	const struct agent *agent = arg;

	checks_look(agent->checks, entry);
}

/* Begin and end. */

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct agent *agent = arg;

	(void)source;
	log_line(LOG_INFO, "ending, what is programmed stays",
		 LOG_TEXT("signal", strsignal((int)info->ssi_signo)));
	sd_notify(0, "STOPPING=1");
	sd_event_exit(agent->event, 0);
	return 0;
}

static bool open_loop(struct agent *agent)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_new(&agent->event) < 0 ||
	    sd_event_add_signal(agent->event, NULL, SIGTERM, on_signal,
				agent) < 0 ||
	    sd_event_add_signal(agent->event, NULL, SIGINT, on_signal,
				agent) < 0 ||
	    !add_timer(agent, &agent->sync_timer, on_sync) ||
	    !add_timer(agent, &agent->period_timer, on_period) ||
	    !add_timer(agent, &agent->retry_timer, on_retry) ||
	    !add_timer(agent, &agent->listen_timer, on_listen) ||
	    !add_timer(agent, &agent->node_timer, on_node_late))
		return false;
	/* Whoever hangs in one place forever is no help in another. */
	sd_event_set_watchdog(agent->event, true);
	set_timer(agent->period_timer,
		  (uint64_t)agent->options->sync_period * 1000);
	return true;
}

/* Each Service may have a port for health checks of its own. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool start(struct agent *agent)
{
	const struct agent_options *options = agent->options;
	bool low = (options->healthz_port &&
		    options->healthz_port < LOW_PORT) ||
		   (options->metrics_port &&
		    options->metrics_port < LOW_PORT);

	raise_files();
	agent->kernel = kernel_ops.open();
	agent->store = kube_store_new(options->node);
	agent->sync = sync_new(options, agent->store, agent->kernel, on_look,
			       agent);
	return agent->kernel && open_loop(agent) && open_servers(agent) &&
	       privilege_drop(low) && agent_open_api(agent) &&
	       agent_start_feeds(agent);
}

static void stop(struct agent *agent)
{
	int kind;

	for (kind = 0; kind < NR_KUBE_KINDS; kind++)
		reflector_free(agent->feeds[kind].reflector);
	http_free(agent->http);
	server_free(agent->healthz);
	server_free(agent->metrics);
	checks_free(agent->checks);
	sync_free(agent->sync);
	kube_store_free(agent->store);
	if (agent->kernel)
		kernel_ops.close(agent->kernel);
	sd_event_source_disable_unref(agent->sync_timer);
	sd_event_source_disable_unref(agent->period_timer);
	sd_event_source_disable_unref(agent->retry_timer);
	sd_event_source_disable_unref(agent->listen_timer);
	sd_event_source_disable_unref(agent->node_timer);
	sd_event_unref(agent->event);
	access_free(&agent->access);
	list_free(&agent->triggers);
	free(agent->node_query);
	free(agent->query);
}

bool agent_run(const struct agent_options *options)
{
	struct agent agent = { .options = options };
	bool good;

	trigger_init(&agent.triggers);
	backoff_init(&agent.backoff, RETRY_MIN, RETRY_MAX);
	agent_metrics_init(&agent.times);
	good = start(&agent) && sd_event_loop(agent.event) >= 0 &&
	       (options->task != TASK_ONCE || !agent.refused);
	stop(&agent);
	return good;
}
