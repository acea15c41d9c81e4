/* SPDX-License-Identifier: GPL-2.0 */
/* Files of commands, one a line. */
#ifndef _SVCCTL_LINES_H
#define _SVCCTL_LINES_H

/* Takes the words of line @number; anything but 0 ends the file. */
typedef int (*line_fn)(char **words, unsigned long number, void *arg);

/*
 * Calls @fn for each line of file @name, "-" for stdin, that has any words.
 * Complaints say meanwhile which line they are about.  Returns what @fn did, or
 * complains and returns EXIT_WORDS.
 */
int lines_read(const char *name, line_fn fn, void *arg);

#endif /* _SVCCTL_LINES_H */
