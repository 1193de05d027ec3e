/*
 * flat.h
 *		Responses in one buffer seen as columns; columns of a request written
 *		into buffers.  The hot path of reading and writing rows.
 *
 * Pure C11, no PostgreSQL: this is what the fuzzer drives.  A view never
 * copies: it points into the response, which must outlive it.  Whatever the
 * bytes are, nothing outside of them is read.
 *
 * Wire facts: schema.proto's FieldData, ScalarField, VectorField, IDs;
 * milvus.proto's QueryResults, SearchResults, MutationResult, InsertRequest.
 */
#ifndef MILVUS_FLAT_H
#define MILVUS_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAT_MAX_COLUMNS 512

typedef struct FlatSlice
{
	const uint8_t *data;
	size_t		len;
} FlatSlice;

/*
 * Go through any message: its next field from *at on (0 at first) with the bytes
 * it has, if its type has a length.  1, 0 at the end, -1 if it is malformed.
 */
extern int	flat_next_field(FlatSlice message, size_t *at, uint32_t *number, FlatSlice *bytes);

/* how the values of a column lie in the message */
typedef enum FlatKind
{
	FLAT_NONE,					/* nothing sent */
	FLAT_BOOL,
	FLAT_INT32,
	FLAT_INT64,
	FLAT_FLOAT,
	FLAT_DOUBLE,
	FLAT_BYTES,					/* text, JSON, sparse vectors: a byte string
								 * each */
	FLAT_ARRAY,					/* a ScalarField each, see flat_open_element() */
	FLAT_FIXED					/* vectors of row_bytes each, back to back */
} FlatKind;

/* which member of the oneofs of FieldData carries the values: its field number */
typedef enum FlatCarrier
{
	FLAT_CARRIER_NONE = 0,
	FLAT_SCALAR_BOOL = 1,
	FLAT_SCALAR_INT = 2,
	FLAT_SCALAR_LONG = 3,
	FLAT_SCALAR_FLOAT = 4,
	FLAT_SCALAR_DOUBLE = 5,
	FLAT_SCALAR_STRING = 6,
	FLAT_SCALAR_BYTES = 7,
	FLAT_SCALAR_ARRAY = 8,
	FLAT_SCALAR_JSON = 9,
	FLAT_SCALAR_GEOMETRY = 10,
	FLAT_SCALAR_TIMESTAMPTZ = 11,
	FLAT_SCALAR_GEOMETRY_WKT = 12,
	FLAT_VECTOR = 100,			/* added to the field number in VectorField */
	FLAT_VECTOR_FLOAT = 102,
	FLAT_VECTOR_BINARY = 103,
	FLAT_VECTOR_FLOAT16 = 104,
	FLAT_VECTOR_BFLOAT16 = 105,
	FLAT_VECTOR_SPARSE = 106,
	FLAT_VECTOR_INT8 = 107
} FlatCarrier;

typedef struct FlatColumn
{
	FlatSlice	name;
	int32_t		data_type;		/* schema.DataType, as the server says; not to
								 * be trusted */
	bool		is_dynamic;
	FlatKind	kind;
	FlatCarrier carrier;
	uint32_t	dim;			/* of a vector */
	size_t		row_bytes;		/* of FLAT_FIXED */
	uint32_t	nrows;
	uint32_t	nvalues;		/* values present: nrows, or the valid ones
								 * only */
	FlatSlice	body;			/* the innermost message */
	FlatSlice	valid;			/* one byte a row, or empty */
} FlatColumn;

/* one value: which member holds depends on the column's kind */
typedef struct FlatValue
{
	bool		isnull;
	union
	{
		int64_t		integer;	/* FLAT_BOOL, FLAT_INT32, FLAT_INT64 */
		double		real;		/* FLAT_DOUBLE */
		float		single;		/* FLAT_FLOAT */
		FlatSlice	bytes;		/* FLAT_BYTES, FLAT_ARRAY, FLAT_FIXED
								 * (unaligned) */
	};
} FlatValue;

/* a place in a column; zero it to stand before the first row */
typedef struct FlatCursor
{
	uint32_t	row;
	size_t		body_at;		/* in the column's body */
	size_t		packed_at,		/* in the current packed run, relative to body */
				packed_end;
} FlatCursor;

typedef struct FlatStatus
{
	int32_t		code;
	int32_t		error_code;
	FlatSlice	reason;
} FlatStatus;

/* QueryResults, or SearchResults: the hits of all query vectors, one after the other */
typedef struct FlatResult
{
	FlatStatus	status;
	uint32_t	nrows;
	uint32_t	ncolumns;
	uint64_t	session_ts;		/* of a query: a snapshot to read the next
								 * pages from, 0 if none is told */
	bool		is_search;
	FlatColumn	ids;			/* of a search: FLAT_SCALAR_LONG or
								 * FLAT_SCALAR_STRING */
	FlatColumn	scores;			/* of a search: FLAT_FLOAT */
	uint32_t	nqueries;		/* of a search, as the server says */
	FlatSlice	topks;			/* of a search: hits of each query, see
								 * flat_next_topk() */
	FlatColumn	columns[FLAT_MAX_COLUMNS];
} FlatResult;

typedef struct FlatMutation
{
	FlatStatus	status;
	FlatColumn	ids;
	int64_t		insert_count;
	int64_t		delete_count;
	int64_t		upsert_count;
	uint64_t	timestamp;
} FlatMutation;

/* The status of one of the three, if it is in order; else one of success. */
extern FlatStatus flat_find_status(FlatSlice message);

/* The three return NULL, or what is malformed about the bytes. */
extern const char *flat_open_query(FlatSlice message, FlatResult *result);
extern const char *flat_open_search(FlatSlice message, FlatResult *result);
extern const char *flat_open_mutation(FlatSlice message, FlatMutation *mutation);

/*
 * How many hits the next query vector has; false when there are no more.  *at
 * is a place in topks, 0 at first.  That they sum up to nrows is not checked.
 */
extern bool flat_next_topk(const FlatResult *result, size_t *at, uint64_t *hits);

/* The elements of one value of a FLAT_ARRAY column, as a column. */
extern const char *flat_open_element(FlatSlice scalar_field, FlatColumn *elements);

/* Take the next value; false when there are no more. */
extern bool flat_next(const FlatColumn *column, FlatCursor *cursor, FlatValue *value);

extern bool flat_has_nulls(const FlatColumn *column);

/* The column of that name, or NULL. */
extern FlatColumn *flat_find_column(FlatResult *result, const char *name);

/*
 * Writing.  A FlatBuffer grows by the owner's function, which must not return
 * NULL (PostgreSQL's raises an error).
 */
typedef struct FlatBuffer
{
	uint8_t    *data;
	size_t		len;
	size_t		size;
	void	   *(*grow) (void *context, void *old, size_t size);
	void	   *context;
} FlatBuffer;

extern void flat_put_bytes(FlatBuffer *buffer, const void *data, size_t len);
extern void flat_put_varint(FlatBuffer *buffer, uint64_t value);
extern void flat_put_fixed32(FlatBuffer *buffer, uint32_t value);
extern void flat_put_fixed64(FlatBuffer *buffer, uint64_t value);

/* a length-delimited field: tag, length, bytes */
extern void flat_put_field(FlatBuffer *buffer, int number, const void *data, size_t len);
extern void flat_put_varint_field(FlatBuffer *buffer, int number, uint64_t value);

/* a column of a request being filled: values as their innermost message has them */
typedef struct FlatWriter
{
	const char *name;
	int32_t		data_type;		/* schema.DataType */
	int32_t		element_type;	/* of an array */
	FlatCarrier carrier;
	FlatCarrier element_carrier;	/* of an array: for flat_copy_value() */
	bool		is_dynamic;
	bool		nullable;		/* then valid has a byte a row, values only
								 * the valid ones */
	uint32_t	dim;
	FlatBuffer	values;
	FlatBuffer	valid;
	/* what goes before and after the values, made by flat_frame_column() */
	FlatBuffer	prefix;
	FlatBuffer	suffix;
} FlatWriter;

/*
 * Make prefix and suffix so that prefix, values, suffix are one element of
 * InsertRequest.fields_data (or UpsertRequest's): field 5 with its tag.
 */
extern void flat_frame_column(FlatWriter *column);

extern void flat_reset(FlatWriter *column);

/*
 * Append a value that is not NULL as it came in a response, unread: for values
 * that only pass through.  The two must be of the same field.
 */
extern void flat_copy_value(const FlatColumn *from, const FlatValue *value, FlatWriter *to);

#endif							/* MILVUS_FLAT_H */
