// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into User Mode Linux 6.1, which has room for 2696 bytes of a
 * program's extended registers.  The host takes them back only as a whole, and
 * a CPU with AMX has 11 kB of them.  No program in the guest uses AMX, so that
 * what is missing is nothing but zeros.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long (*real)(int request, ...);

__attribute__((constructor)) static void find(void)
{
	real = (long (*)(int, ...))dlsym(RTLD_NEXT, "ptrace");
}

static long set_registers(long pid, const struct iovec *from)
{
	static char all[65536] __attribute__((aligned(64)));
	static size_t size;
	struct iovec whole = { all, sizeof(all) };

	if (!size) {
		if (real(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole) < 0)
			return -1;
		size = whole.iov_len;
		memset(all, 0, sizeof(all));
	}
	if (from->iov_len >= size)
		return real(PTRACE_SETREGSET, pid, NT_X86_XSTATE, from);
	memcpy(all, from->iov_base, from->iov_len);
	whole.iov_len = size;
	return real(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
	long pid, address;
	va_list args;
	void *data;

	va_start(args, request);
	pid = va_arg(args, long);
	address = va_arg(args, long);
	data = va_arg(args, void *);
	va_end(args);
	if (request == PTRACE_SETREGSET && address == NT_X86_XSTATE)
		return set_registers(pid, data);
	return real(request, pid, address, data);
}
