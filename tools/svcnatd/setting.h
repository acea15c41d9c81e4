/* SPDX-License-Identifier: GPL-2.0 */
/* One thing that svcnatd can be told, on its command line or in a file. */
#ifndef _SVCNATD_SETTING_H
#define _SVCNATD_SETTING_H

#include "options.h"

/**
 * struct setting - how it is called and what it takes
 * @word: on the command line, behind two dashes
 * @path: in a KubeProxyConfiguration, keys with dots between them; %s stands for
 *	the section of the mode; NULL if it is not there
 * @value: what stands for its value in the grammar; NULL: true if it has none
 * @expected: what a value is, for error sentences
 * @help: what it is for; NULL: not shown
 * @set: false if @value will not do
 */
struct setting {
	const char *word;
	const char *path;
	const char *value;
	const char *expected;
	const char *help;
	bool (*set)(struct agent_options *options, const char *value);
};

/* Up to one without a word. */
extern const struct setting settings[];

/* A file of kind KubeProxyConfiguration; false, with a sentence on stderr. */
bool setting_read_file(struct agent_options *options, const char *path);

/* One line on stderr, behind "svcnatd: "; returns false. */
bool setting_refuse(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif /* _SVCNATD_SETTING_H */
