/*
 * forward.h
 *		A function that changes something in Milvus, for whoever may execute it.
 */
#ifndef MILVUS_FORWARD_H
#define MILVUS_FORWARD_H

#include "postgres.h"

#include "utils/jsonb.h"

/* The function of the extension that is being executed, InvalidOid if none is. */
extern Oid	forward_current(void);

/*
 * Error 22004 when a request lacks something that the function needs: a null, or
 * an empty name.  What a function can do without it leaves out.
 */
extern void forward_check_complete(Jsonb *request);

#endif							/* MILVUS_FORWARD_H */
