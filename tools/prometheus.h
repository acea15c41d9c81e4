/* SPDX-License-Identifier: GPL-2.0 */
/* Prometheus' text format, version 0.0.4: families of samples, on stdout. */
#ifndef _SVCCTL_PROMETHEUS_H
#define _SVCCTL_PROMETHEUS_H

#include <stdint.h>

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
};

/*
 * The samples to come belong to family "svcnat_" @name @suffix, until the next
 * one is begun; each family is begun once.  One without samples is not printed.
 * Both strings and @help must last.
 */
void metric_family(enum metric_type type, const char *name, const char *suffix,
		   const char *help);

/* A label of the next sample; @value is quoted as needed. */
void metric_label(const char *name, const char *value);

/* The sample, with the labels since the last one. */
void metric_value(uint64_t value);

#endif /* _SVCCTL_PROMETHEUS_H */
