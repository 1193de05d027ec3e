/*
 * store.h
 *		Bytes that wait for the end of the transaction, one after another: in
 *		memory, and above work_mem in a temporary file.
 *
 * There is one store per backend, and it is the transaction's.  Must not know
 * what the bytes mean.
 */
#ifndef MILVUS_STORE_H
#define MILVUS_STORE_H

#include "postgres.h"

/* Where the next bytes will lie. */
extern off_t store_end(void);

/* Errors: those of a temporary file that can't grow. */
extern void store_append(const char *data, Size len);

/* Truncate to this offset; later appends overwrite what followed.  Raises nothing. */
extern void store_cut(off_t place);

extern void store_read(off_t place, char *data, Size len);

/* At the end of the transaction, however it ends.  Raises nothing. */
extern void store_forget(void);

#endif							/* MILVUS_STORE_H */
