// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of the connections that the tests make: small, because a program
 * takes seconds to start on a debug kernel.
 *
 * peer [-N NETNS] serve PORT[/close|/nocheck]... ADDR:PORT/sctp[/close]...
 *
 *	Goes to the background once every PORT listens, TCP and UDP, on all
 *	addresses of both families, and prints its process.  A TCP client is
 *	sent one line, "ENDPOINT CLIENT": the two ends of the connection as seen
 *	here, and then everything it sends.  A datagram comes back with that line in front.
 *	/close: TCP ends behind the line.  /nocheck: answers have no UDP
 *	checksum.  /sctp: on that address alone, which is the only one that
 *	associations then have at this end: no NAT sees the others.
 *
 *	An address of IPv6 stands in brackets, here and below.
 *
 * peer [-N NETNS] ask [OPTION]... ADDR:PORT...
 *
 *	Asks such servers one after the other, and prints a line for each
 *	question: "ENDPOINT CLIENT MILLISECONDS" or "ERROR - MILLISECONDS".
 *	Exit status 0 if all were answered.
 *
 *	-n COUNT   questions to each one, all of them new connections
 *	-u         by UDP, from a connected socket; -U: an unconnected one
 *	-S         by SCTP, as by TCP; needs -s where there are more addresses
 *	-s ADDR    from this address; -i: and the ones above it in turn
 *	-p PORT    from this port
 *	-d DEVICE  bound to this device
 *	-x         with options in the header of IPv4, with a hop-by-hop and a
 *	           destination header in IPv6
 *	-l BYTES   size of a datagram
 *	-z         datagrams without checksum
 *	-e         TCP: let the server end the connection
 *	-r         TCP: end it with a RST; SCTP: with an ABORT
 *	-f         fire and forget: do not wait for an answer, print nothing
 *	-t MS      how long to wait for each answer
 *	-w MS      how long to wait after each question
 *
 * peer [-N NETNS] stream [-n COUNT] [-u|-S] [-s ADDR] [-p PORT] [-d DEVICE] [-t MS]
 *		ADDR:PORT...
 *
 *	Talks on COUNT connections to each until SIGTERM and checks every byte
 *	that comes back, and with UDP that it is from the endpoint of the first
 *	answer.  Prints "ENDPOINT CLIENT open BYTES", when it ends ok: one
 *	more record was answered on SIGTERM, or an error.
 *
 * peer [-N NETNS] bulk [-S] [-s ADDR] [-t MS] BYTES ADDR:PORT
 *
 *	Sends as much as it can, up to BYTES, on one connection, and prints as
 *	stream does.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <sys/resource.h>

static void parse_option(struct options *o, int c)
{
	switch (c) {
	case 'n':
		o->count = atoi(optarg);
		break;
	case 'U':
		o->unconnected = true;
		/* fallthrough */
	case 'u':
		o->udp = true;
		break;
	case 'S':
		o->sctp = true;
		break;
	case 's':
		address_parse(&o->source, optarg);
		break;
	case 'd':
		o->device = optarg;
		break;
	case 'x':
		o->headers = true;
		break;
	case 'i':
		o->increment = true;
		break;
	case 'p':
		o->port = atoi(optarg);
		break;
	case 'l':
		o->len = atoi(optarg);
		break;
	case 'z':
		o->nocheck = true;
		break;
	case 'e':
		o->wait_end = true;
		break;
	case 'r':
		o->reset = true;
		break;
	case 'f':
		o->forget = true;
		break;
	case 't':
		o->timeout = atoi(optarg);
		break;
	case 'w':
		o->pause = atoi(optarg);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct options o = { .count = 1, .len = 8, .timeout = 10000 };
	const char *command;
	int c, failed = 0;

	enter(&argc, &argv);
	if (argc < 2)
		die("expected serve, ask, stream or bulk");
	command = *++argv;
	argc--;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	if (!strcmp(command, "serve"))
		serve(argv + 1);
	while ((c = getopt(argc, argv, "n:uUSs:id:p:l:xzerft:w:")) != -1)
		parse_option(&o, c);
	argv += optind;
	if (!strcmp(command, "bulk")) {
		if (!*argv)
			die("expected BYTES");
		address_port_parse(&o.to, argv[1]);
		return bulk(&o, strtoull(*argv, NULL, 10));
	}
	if (!strcmp(command, "stream") && *argv)
		return stream(&o, argv, argc - optind);
	if (strcmp(command, "ask") || !*argv)
		die("unknown word %s, or no ADDR:PORT", command);
	for (; *argv; argv++) {
		address_port_parse(&o.to, *argv);
		failed |= ask(&o);
	}
	return failed;
}
