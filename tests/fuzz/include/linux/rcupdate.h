/* SPDX-License-Identifier: GPL-2.0-only */
/* RCU: what is freed is free after shim_grace_period(), never sooner. */
#ifndef _FUZZ_LINUX_RCUPDATE_H
#define _FUZZ_LINUX_RCUPDATE_H

struct rcu_head {
	void *dummy[2];
};

extern int shim_readers;

void shim_free_later(void *p);
void shim_grace_period(void);

#define rcu_read_lock()			((void)shim_readers++)
#define rcu_read_unlock()						\
	fuzz_check(shim_readers-- > 0, "unlocked without lock")
#define rcu_dereference_raw(p)		READ_ONCE(p)
#define rcu_dereference(p)						\
	({ fuzz_check(shim_readers > 0, "no RCU read side"); READ_ONCE(p); })
#define rcu_dereference_protected(p, c)	(p)
#define rcu_assign_pointer(p, v)	((void)((p) = (v)))
#define RCU_INIT_POINTER(p, v)		((void)((p) = (v)))
#define RCU_INITIALIZER(v)		(v)
#define synchronize_rcu()		shim_grace_period()
#define start_poll_synchronize_rcu()	0UL
#define poll_state_synchronize_rcu(s)	((void)(s), shim_grace_period(), true)
#define rcu_access_pointer(p)		READ_ONCE(p)
#define kfree_rcu(p, member)		shim_free_later(p)
#define kvfree_rcu(p, member)		shim_free_later(p)

#endif /* _FUZZ_LINUX_RCUPDATE_H */
