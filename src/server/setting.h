/*
 * setting.h
 *		The settings milvus_fdw.*
 */
#ifndef MILVUS_SETTING_H
#define MILVUS_SETTING_H

#include "postgres.h"

extern bool milvus_enable_search;
extern bool milvus_exact_distance;
extern char *milvus_search_params;	/* NULL or "": not set */
extern int	milvus_consistency_level;	/* a Consistency; it comes before the
										 * option */
extern int	milvus_wait_for_load;	/* seconds that a read waits for what is
									 * being loaded */

/* Called once, as the library is loaded. */
extern void setting_define_all(void);

#endif							/* MILVUS_SETTING_H */
