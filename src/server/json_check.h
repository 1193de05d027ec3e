/*
 * json_check.h
 *		Is a text a JSON object that can be sent as parameters?
 *
 * For check hooks, which run in the postmaster as well: it raises no errors and
 * allocates nothing, whatever the text.
 */
#ifndef MILVUS_JSON_CHECK_H
#define MILVUS_JSON_CHECK_H

#include "postgres.h"

/*
 * An object as jsonb reads one.  Refused beside: nesting beyond 32, numbers that
 * are no float8, and \u escapes, which parameters of Milvus have no use for.
 */
extern bool json_check_object(const char *text);

#endif							/* MILVUS_JSON_CHECK_H */
