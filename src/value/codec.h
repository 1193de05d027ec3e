/*
 * codec.h
 *		Values of a field as Datums of a column's type, and back.
 */
#ifndef MILVUS_CODEC_H
#define MILVUS_CODEC_H

#include "postgres.h"

#include "fmgr.h"

#include "wire/type.h"

/* what the codec must know of a field */
typedef struct FieldType
{
	MilvusType	type;
	MilvusType	element_type;
	int			dim;
	int			max_length;
	int			max_capacity;
} FieldType;

typedef struct Codec Codec;
struct Codec
{
	const char *column;			/* name, for messages */
	Oid			typeid;			/* of a domain the type it is over */
	int32		typmod;
	Oid			domain;			/* or InvalidOid */
	FieldType	field;
	FlatCarrier carrier;		/* of the values, in a request and in an
								 * answer */
	int64		max_integer;	/* that the field can hold */
	Datum		(*read) (const Codec *codec, const FlatValue *value);
	void		(*write) (const Codec *codec, Datum value, FlatBuffer *values);
	Codec	   *element;		/* of an array */
};

/*
 * Choose the conversions between a field and a column of the given type.
 * column must outlive the codec.  Error 42804, naming both types, when there
 * is no conversion without loss.
 */
extern void codec_init(Codec *codec, const char *column, Oid typeid, int32 typmod,
					   const FieldType *field);

/*
 * The one way from a column of an answer to values.  First the column is checked,
 * whatever the answer says of its type: HV000 when it is of another kind than the
 * field's, or its vectors of another dimension.
 */
extern void codec_check_column(const Codec *codec, const FlatColumn *column);

/*
 * Then each value is read, but NULL, which is only checked.  The result is
 * allocated in CurrentMemoryContext.  Errors: those of the type's input, 22001
 * and 22003 where the column's type is narrower than the value, 23502 and 23514
 * of a domain, 22000 for what the type does not allow.
 */
extern Datum codec_read(const Codec *codec, const FlatValue *value);
extern void codec_check_null(const Codec *codec);

/*
 * Append a value to those to be sent.  Errors: 22001 (text, in bytes), 22003,
 * 22000 (dimension), 22004 (null element), 2202E, 54000 (capacity).
 */
extern void codec_write(const Codec *codec, Datum value, FlatBuffer *values);

/* The SQL type a field is imported as: "varchar(20)", "public.vector(3)", "real[]"; NULL if there is none. */
extern char *codec_import_type(const FieldType *field);

/*
 * The field that suits a column; false when there is none, then *problem says why.
 * dim: of a vector whose type does not say it; else 0.
 */
extern bool codec_field_for_type(Oid typeid, int32 typmod, int dim, FieldType *field, const char **problem);

/* Set them; true.  For codec.c and vector.c. */
extern bool codec_set_conversions(Codec *codec, Datum (*read) (const Codec *, const FlatValue *),
								  void (*write) (const Codec *, Datum, FlatBuffer *));

/* An empty buffer that grows in CurrentMemoryContext. */
extern FlatBuffer codec_make_buffer(void);

/*
 * Error 22001 for a text that is longer than varchar(n) allows (typmod -1: any).
 * Blanks at its end count, which PostgreSQL would cut off: a filter on the server
 * sees them.
 */
extern void codec_check_length(const char *text, int len, int32 typmod);

/* {"key": value} as jsonb, of a value of any type that to_jsonb() takes. */
extern Datum codec_json_pair(const char *key, Datum value, Oid typeid);

/* A text of the database's encoding in UTF-8: itself, or allocated. */
extern char *codec_to_utf8(char *text, int len, int *utf8_len);

#endif							/* MILVUS_CODEC_H */
