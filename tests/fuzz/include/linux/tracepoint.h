/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints that nobody listens to. */
#ifndef _FUZZ_LINUX_TRACEPOINT_H
#define _FUZZ_LINUX_TRACEPOINT_H

#define TP_PROTO(...)	__VA_ARGS__
#define TP_ARGS(...)

#define TRACE_EVENT(name, proto, args, ...)				\
	static inline void trace_##name(proto) { }			\
	static inline bool trace_##name##_enabled(void) { return false; }
#define DEFINE_EVENT(class, name, proto, args)				\
	static inline void trace_##name(proto) { }			\
	static inline bool trace_##name##_enabled(void) { return false; }
#define DECLARE_EVENT_CLASS(...)

#endif /* _FUZZ_LINUX_TRACEPOINT_H */
