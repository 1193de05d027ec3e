/*
 * import.h
 *		IMPORT FOREIGN SCHEMA.
 */
#ifndef MILVUS_IMPORT_H
#define MILVUS_IMPORT_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* The collections of a database as CREATE FOREIGN TABLE commands. */
extern List *milvusImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverOid);

#endif							/* MILVUS_IMPORT_H */
