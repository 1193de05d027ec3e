/*
 * fuzz.c
 *		A mutating fuzzer, and a round-trip test, of src/wire/flat.c.
 *
 *	fuzz SECONDS SEED [STATE]	fuzz; STATE is a file that always holds the input
 *								being run, for the case that a sanitizer ends us
 *	fuzz -r FILE				run one such file again
 *
 * Every input lies in a block of exactly its size, so that AddressSanitizer
 * sees any read beyond it.  What is asserted besides:
 *	- a column that opened yields exactly nrows values, then no more
 *	- every slice lies inside the input
 *	- what FlatWriter and flat_frame_column() wrote opens and reads back equal
 *
 * The same seed makes the same inputs in the same order.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mutate.h"
#include "wire/flat.h"

#define MAX_ROWS 12
#define NSEEDS 384
#define MAX_DEPTH 16
#define MAX_PROBLEMS 64
#define EXECUTION_LIMIT_S 20	/* an execution takes microseconds */

static const char *const target_names[] = {"query", "search", "mutation"};

/* what is being run; a shared file with STATE */
static Input *current;
static uint64_t executions;
static uint64_t opened;
static uint64_t failures;

static struct
{
	const char *text;
	uint64_t	count;
}			problems[MAX_PROBLEMS];

/* ---- failures ---- */

/* Note a failure; the first of each kind is printed with its input. */
static void
fail(const char *text)
{
	int			i = 0;

	failures++;
	while (i < MAX_PROBLEMS - 1 && problems[i].text && strcmp(problems[i].text, text) != 0)
		i++;
	problems[i].text = text;
	if (problems[i].count++ > 0)
		return;
	printf("FAILURE: %s\n  execution %" PRIu64 ", %s, %zu bytes:\n  ",
		   text, executions, target_names[current->target], current->len);
	for (size_t n = 0; n < current->len; n++)
		printf("%02x", current->data[n]);
	printf("\n");
	fflush(stdout);
}

/* ---- walking what was opened ---- */

static volatile uint8_t sink;

static const char *const fewer_values[] = {
	[FLAT_NONE] = "fewer values than rows: of no kind",
	[FLAT_BOOL] = "fewer values than rows: bool",
	[FLAT_INT32] = "fewer values than rows: int32",
	[FLAT_INT64] = "fewer values than rows: int64",
	[FLAT_FLOAT] = "fewer values than rows: float",
	[FLAT_DOUBLE] = "fewer values than rows: double",
	[FLAT_BYTES] = "fewer values than rows: bytes",
	[FLAT_ARRAY] = "fewer values than rows: array",
	[FLAT_FIXED] = "fewer values than rows: vectors"
};

static void
check_slice(FlatSlice slice, const uint8_t *block, size_t size)
{
	if (slice.len == 0)
		return;
	if (slice.data < block || slice.len > size || slice.data > block + size - slice.len)
	{
		fail("a slice outside of the input");
		return;
	}
	for (size_t i = 0; i < slice.len; i++)
		sink ^= slice.data[i];
}

static void
walk_column(const FlatColumn *column, const uint8_t *block, size_t size, int depth)
{
	FlatCursor	cursor = {0};
	FlatValue	value;
	uint64_t	count = 0;

	check_slice(column->name, block, size);
	check_slice(column->body, block, size);
	check_slice(column->valid, block, size);
	if (column->kind == FLAT_FIXED && column->nvalues > 0 && column->row_bytes == 0)
		fail("vectors of no bytes");
	if (column->kind == FLAT_FIXED && (uint64_t) column->nvalues * column->row_bytes != column->body.len)
		fail("vectors that do not fill their bytes");
	memset(&value, 0, sizeof(value));
	while (flat_next(column, &cursor, &value))
	{
		FlatColumn	elements;

		if (++count > column->nrows)
		{
			fail("more values than rows");
			return;
		}
		if (value.isnull && column->valid.len == 0)
			fail("NULL in a column without validity");
		if (!value.isnull && (column->kind == FLAT_BYTES || column->kind == FLAT_ARRAY || column->kind == FLAT_FIXED))
			check_slice(value.bytes, block, size);
		if (!value.isnull && column->kind == FLAT_FIXED && value.bytes.len != column->row_bytes)
			fail("a vector of the wrong length");
		if (!value.isnull && column->kind == FLAT_ARRAY && depth < MAX_DEPTH &&
			flat_open_element(value.bytes, &elements) == NULL)
			walk_column(&elements, block, size, depth + 1);
	}
	if (count != column->nrows)
		fail(fewer_values[column->kind]);
	if (flat_next(column, &cursor, &value) && count == column->nrows)
		fail("values after the end");
}

static void
walk_result(FlatResult *result, const uint8_t *block, size_t size)
{
	if (result->ncolumns > FLAT_MAX_COLUMNS)
	{
		fail("too many columns");
		return;
	}
	check_slice(result->status.reason, block, size);
	for (uint32_t i = 0; i < result->ncolumns; i++)
	{
		if (result->columns[i].nrows != result->nrows)
			fail("a column of another length");
		walk_column(&result->columns[i], block, size, 0);
	}
	if (result->is_search)
	{
		if (result->ids.nrows != result->nrows || result->scores.nrows != result->nrows)
			fail("keys or scores of another number");
		walk_column(&result->ids, block, size, 0);
		walk_column(&result->scores, block, size, 0);
	}
	(void) flat_find_column(result, "c1");
}

/* Open the current input and walk it; what was wrong with it, or NULL. */
static const char *
run_current(void)
{
	static FlatResult result;
	FlatMutation mutation;
	uint8_t    *block = malloc(current->len);
	FlatSlice	message = {block, current->len};
	const char *error = NULL;

	executions++;
	if (current->len > 0)
		memcpy(block, current->data, current->len);
	/* nothing may be taken for a column that was not opened */
	memset(result.columns, 0x5a, 16 * sizeof(FlatColumn));
	if (executions % 1024 == 1)
		alarm(EXECUTION_LIMIT_S);
	switch (current->target)
	{
		case QUERY:
			if ((error = flat_open_query(message, &result)) == NULL)
				walk_result(&result, block, message.len);
			break;
		case SEARCH:
			if ((error = flat_open_search(message, &result)) == NULL)
			{
				size_t		at = 0;
				uint64_t	hits;

				walk_result(&result, block, message.len);
				check_slice(result.topks, block, message.len);
				while (flat_next_topk(&result, &at, &hits))
					;
			}
			break;
		default:
			if ((error = flat_open_mutation(message, &mutation)) == NULL)
			{
				check_slice(mutation.status.reason, block, message.len);
				walk_column(&mutation.ids, block, message.len, 0);
			}
			break;
	}
	opened += error == NULL;
	free(block);
	return error;
}

/* ---- making columns ---- */

/* one value, as it is written and as it is to be read */
typedef struct Sample
{
	bool		isnull;
	uint64_t	integer;		/* bits, of a number */
	size_t		len;
	uint8_t		bytes[256];
} Sample;

typedef struct Expected
{
	FlatWriter	writer;
	char		name[8];
	size_t		nrows;
	Sample		samples[MAX_ROWS];
} Expected;

static const FlatCarrier carriers[] = {
	FLAT_SCALAR_BOOL, FLAT_SCALAR_INT, FLAT_SCALAR_LONG, FLAT_SCALAR_FLOAT, FLAT_SCALAR_DOUBLE,
	FLAT_SCALAR_STRING, FLAT_SCALAR_BYTES, FLAT_SCALAR_ARRAY, FLAT_SCALAR_JSON,
	FLAT_SCALAR_GEOMETRY, FLAT_SCALAR_TIMESTAMPTZ, FLAT_SCALAR_GEOMETRY_WKT,
	FLAT_VECTOR_FLOAT, FLAT_VECTOR_BINARY, FLAT_VECTOR_FLOAT16, FLAT_VECTOR_BFLOAT16,
	FLAT_VECTOR_SPARSE, FLAT_VECTOR_INT8
};

static size_t
vector_bytes(FlatCarrier carrier, uint32_t dim)
{
	switch (carrier)
	{
		case FLAT_VECTOR_FLOAT:
			return (size_t) dim * 4;
		case FLAT_VECTOR_FLOAT16:
		case FLAT_VECTOR_BFLOAT16:
			return (size_t) dim * 2;
		case FLAT_VECTOR_BINARY:
			return dim / 8;
		default:
			return dim;
	}
}

static void
random_bytes(Sample *sample, size_t len)
{
	sample->len = len;
	for (size_t i = 0; i < len; i++)
		sample->bytes[i] = (uint8_t) next_random();
}

/* Put a number as an element of a packed run. */
static void
put_number(FlatBuffer *buffer, FlatCarrier carrier, uint64_t integer)
{
	if (carrier == FLAT_SCALAR_FLOAT)
		flat_put_fixed32(buffer, (uint32_t) integer);
	else if (carrier == FLAT_SCALAR_DOUBLE)
		flat_put_fixed64(buffer, integer);
	else
		flat_put_varint(buffer, integer);
}

static bool
is_number(FlatCarrier carrier)
{
	return carrier <= FLAT_SCALAR_DOUBLE || carrier == FLAT_SCALAR_TIMESTAMPTZ;
}

static uint64_t
random_number(FlatCarrier carrier)
{
	uint64_t	integer = random_integer();

	if (carrier == FLAT_SCALAR_BOOL)
		return integer & 1;
	if (carrier == FLAT_SCALAR_INT)
		return (uint64_t) (int64_t) (int32_t) integer;
	if (carrier == FLAT_SCALAR_FLOAT)
		return (uint32_t) integer;
	return integer;
}

/* A ScalarField with some elements, as one value of an array column. */
static void
random_array(Sample *sample)
{
	static const FlatCarrier kinds[] = {
		FLAT_SCALAR_BOOL, FLAT_SCALAR_INT, FLAT_SCALAR_LONG, FLAT_SCALAR_FLOAT,
		FLAT_SCALAR_DOUBLE, FLAT_SCALAR_STRING
	};
	FlatCarrier carrier = kinds[below(6)];
	FlatBuffer	run = {.grow = grow},
				list = {.grow = grow},
				scalar = {.grow = grow};
	int			count = (int) below(5);

	for (int i = 0; i < count; i++)
	{
		if (carrier == FLAT_SCALAR_STRING)
			flat_put_field(&list, 1, "string", below(7));
		else
			put_number(&run, carrier, random_number(carrier));
	}
	if (carrier != FLAT_SCALAR_STRING && run.len > 0)
		flat_put_field(&list, 1, run.data, run.len);
	flat_put_field(&scalar, carrier, list.data, list.len);
	sample->len = scalar.len;
	memcpy(sample->bytes, scalar.data, scalar.len);
	reset_buffer(&run);
	reset_buffer(&list);
	reset_buffer(&scalar);
}

/*
 * Fill a column of nrows with random values.  With full, values of NULLs are
 * there too (as some servers send them), otherwise only those of the valid rows.
 */
static void
make_column(Expected *column, int number, size_t nrows, bool full)
{
	FlatWriter *writer = &column->writer;
	FlatCarrier carrier = carriers[below(sizeof(carriers) / sizeof(*carriers))];
	size_t		row_bytes;

	snprintf(column->name, sizeof(column->name), "c%d", number);
	writer->name = column->name;
	writer->carrier = carrier;
	writer->data_type = (int32_t) below(130);
	writer->element_type = 5;
	writer->is_dynamic = one_in(4);
	writer->nullable = one_in(2);
	writer->dim = carrier == FLAT_VECTOR_BINARY ? 8 * (1 + below(one_in(4) ? 250 : 8)) :
		1 + below(carrier == FLAT_VECTOR_INT8 && one_in(4) ? 250 : 20);
	row_bytes = vector_bytes(carrier, writer->dim);
	column->nrows = nrows;
	reset_buffer(&writer->values);
	reset_buffer(&writer->valid);
	reset_buffer(&writer->prefix);
	reset_buffer(&writer->suffix);
	for (size_t i = 0; i < nrows; i++)
	{
		Sample	   *sample = &column->samples[i];
		uint8_t		valid;

		memset(sample, 0, offsetof(Sample, bytes));
		sample->isnull = writer->nullable && one_in(3);
		valid = !sample->isnull;
		if (is_number(carrier))
			sample->integer = random_number(carrier);
		else if (carrier == FLAT_SCALAR_ARRAY)
			random_array(sample);
		else if (carrier == FLAT_VECTOR_SPARSE)
			random_bytes(sample, 8 * below(6));
		else if (carrier > FLAT_VECTOR)
			random_bytes(sample, row_bytes);
		else
			random_bytes(sample, one_in(8) ? 128 + below(100) : below(20));
		if (writer->nullable)
			flat_put_bytes(&writer->valid, &valid, 1);
		if (sample->isnull && !full)
			continue;
		if (is_number(carrier))
			put_number(&writer->values, carrier, sample->integer);
		else if (carrier > FLAT_VECTOR && carrier != FLAT_VECTOR_SPARSE)
			flat_put_bytes(&writer->values, sample->bytes, sample->len);
		else
			flat_put_field(&writer->values, 1, sample->bytes, sample->len);
	}
	flat_frame_column(writer);
}

/* Put the column as field tag of a result. */
static void
put_column(FlatBuffer *message, FlatWriter *writer, int tag)
{
	writer->prefix.data[0] = (uint8_t) (tag << 3 | 2);	/* was InsertRequest.fields_data */
	flat_put_bytes(message, writer->prefix.data, writer->prefix.len);
	flat_put_bytes(message, writer->values.data, writer->values.len);
	flat_put_bytes(message, writer->suffix.data, writer->suffix.len);
}

/*
 * The same column as other servers write it: numbers one by one or in several
 * runs, the validity inside, fields in another order.
 */
static void
put_column_by_hand(FlatBuffer *message, const Expected *column, int tag, bool full)
{
	const FlatWriter *writer = &column->writer;
	bool		is_vector = writer->carrier > FLAT_VECTOR;
	bool		packed = one_in(2);
	bool		inside = one_in(2);
	FlatBuffer	list = {.grow = grow},
				run = {.grow = grow},
				scalar = {.grow = grow},
				field = {.grow = grow};

	for (size_t i = 0; i < column->nrows; i++)
	{
		const Sample *sample = &column->samples[i];

		if (sample->isnull && !full)
			continue;
		if (!is_number(writer->carrier))
		{
			if (is_vector && writer->carrier != FLAT_VECTOR_SPARSE)
				flat_put_bytes(&list, sample->bytes, sample->len);
			else
				flat_put_field(&list, 1, sample->bytes, sample->len);
			continue;
		}
		if (packed)
		{
			put_number(&run, writer->carrier, sample->integer);
			if (one_in(3))
			{
				flat_put_field(&list, 1, run.data, run.len);
				run.len = 0;
			}
		}
		else if (writer->carrier == FLAT_SCALAR_FLOAT)
		{
			flat_put_varint(&list, 1 << 3 | 5);
			flat_put_fixed32(&list, (uint32_t) sample->integer);
		}
		else if (writer->carrier == FLAT_SCALAR_DOUBLE)
		{
			flat_put_varint(&list, 1 << 3 | 1);
			flat_put_fixed64(&list, sample->integer);
		}
		else
			flat_put_varint_field(&list, 1, sample->integer);
	}
	if (run.len > 0)
		flat_put_field(&list, 1, run.data, run.len);
	if (writer->carrier == FLAT_VECTOR_FLOAT)
	{
		/* one run of floats in a FloatArray */
		flat_put_field(&run, 1, list.data, list.len);
		list.len = 0;
		flat_put_bytes(&list, run.data, run.len);
	}
	if (writer->nullable && inside)
		flat_put_field(&scalar, is_vector ? 9 : 17, writer->valid.data, writer->valid.len);
	flat_put_field(&scalar, is_vector ? writer->carrier - FLAT_VECTOR : writer->carrier, list.data, list.len);
	if (is_vector)
		flat_put_varint_field(&scalar, 1, writer->dim);
	flat_put_field(&field, is_vector ? 4 : 3, scalar.data, scalar.len);
	if (writer->nullable && !inside)
		flat_put_field(&field, 7, writer->valid.data, writer->valid.len);
	flat_put_varint_field(&field, 5, 100);	/* field_id: not wanted */
	flat_put_field(&field, 2, writer->name, strlen(writer->name));
	flat_put_varint_field(&field, 1, (uint64_t) writer->data_type);
	if (writer->is_dynamic)
		flat_put_varint_field(&field, 6, 1);
	flat_put_field(message, tag, field.data, field.len);
	reset_buffer(&list);
	reset_buffer(&run);
	reset_buffer(&scalar);
	reset_buffer(&field);
}

static void
put_status(FlatBuffer *message)
{
	FlatBuffer	status = {.grow = grow};

	if (one_in(2))
		flat_put_varint_field(&status, 1, below(3));
	if (one_in(2))
		flat_put_field(&status, 2, "collection not found", 20);
	if (one_in(2))
		flat_put_varint_field(&status, 3, below(3000));
	if (one_in(2))
		flat_put_varint_field(&status, 4, 1);
	flat_put_field(message, 1, status.data, status.len);
	reset_buffer(&status);
}

static void
put_ids(FlatBuffer *message, int tag, size_t nrows)
{
	FlatBuffer	ids = {.grow = grow},
				list = {.grow = grow},
				run = {.grow = grow};
	bool		text = one_in(2);

	for (size_t i = 0; i < nrows; i++)
	{
		if (text)
			flat_put_field(&list, 1, "key", below(4));
		else
			flat_put_varint(&run, random_integer());
	}
	if (run.len > 0)
		flat_put_field(&list, 1, run.data, run.len);
	flat_put_field(&ids, text ? 2 : 1, list.data, list.len);
	flat_put_field(message, tag, ids.data, ids.len);
	reset_buffer(&ids);
	reset_buffer(&list);
	reset_buffer(&run);
}

static void
make_seed(Input *seed)
{
	static Expected column;
	size_t		nrows = below(MAX_ROWS + 1);
	int			ncolumns = (int) below(5);
	FlatBuffer	message = {.grow = grow},
				data = {.grow = grow},
				floats = {.grow = grow};

	seed->target = (Target) below(NTARGETS);
	if (one_in(4) == 0)
		put_status(&message);
	if (seed->target == MUTATION)
	{
		put_ids(&message, 2, nrows);
		for (int tag = 6; tag <= 9; tag++)
			flat_put_varint_field(&message, tag, random_integer());
	}
	else
	{
		FlatBuffer *to = seed->target == SEARCH ? &data : &message;
		int			tag = seed->target == SEARCH ? 3 : 2;

		for (int i = 0; i < ncolumns; i++)
		{
			bool		full = one_in(2);

			make_column(&column, i, nrows, full);
			if (one_in(2))
				put_column(to, &column.writer, tag);
			else
				put_column_by_hand(to, &column, tag, full);
		}
		if (seed->target == SEARCH)
		{
			flat_put_varint_field(&data, 1, 1);
			flat_put_varint_field(&data, 2, nrows);
			for (size_t i = 0; i < nrows; i++)
				flat_put_fixed32(&floats, (uint32_t) next_random());
			flat_put_field(&data, 4, floats.data, floats.len);
			put_ids(&data, 5, nrows);
			flat_put_field(&data, 6, "\5", 1);
			flat_put_field(&message, 2, data.data, data.len);
		}
		if (one_in(2))
			flat_put_field(&message, 3, "collection", 10);
	}
	if (message.len > MAX_INPUT)
		message.len = 0;
	seed->len = message.len;
	if (message.len > 0)
		memcpy(seed->data, message.data, message.len);
	reset_buffer(&message);
	reset_buffer(&data);
	reset_buffer(&floats);
}

static Input *seeds;

static void
run_mutant(void)
{
	const Input *seed = &seeds[below(NSEEDS)];

	current->target = one_in(50) ? (Target) below(NTARGETS) : seed->target;
	current->len = seed->len;
	memcpy(current->data, seed->data, seed->len);
	for (uint32_t n = 1 + below(one_in(4) ? 12 : 3); n > 0; n--)
	{
		if (one_in(2))
			mutate_bytes(current, &seeds[below(NSEEDS)]);
		else
			mutate_fields(current, &seeds[below(NSEEDS)]);
	}
	(void) run_current();
}

/* ---- what is written is read ---- */

static void
compare_column(const FlatColumn *column, const Expected *expected)
{
	const FlatWriter *writer = &expected->writer;
	FlatCursor	cursor = {0};
	FlatValue	value;

	if (column->carrier != writer->carrier || column->data_type != writer->data_type ||
		column->is_dynamic != writer->is_dynamic || column->nrows != expected->nrows)
		fail("round trip: another column");
	if (writer->carrier > FLAT_VECTOR && column->dim != writer->dim)
		fail("round trip: another dimension");
	for (size_t i = 0; i < expected->nrows; i++)
	{
		const Sample *sample = &expected->samples[i];
		bool		same;

		if (!flat_next(column, &cursor, &value))
		{
			fail("round trip: too few rows");
			return;
		}
		if (value.isnull != sample->isnull)
			fail("round trip: NULL is not NULL");
		if (value.isnull || sample->isnull)
			continue;
		if (writer->carrier == FLAT_SCALAR_FLOAT)
			same = memcmp(&value.single, &sample->integer, 4) == 0;
		else if (writer->carrier == FLAT_SCALAR_DOUBLE)
			same = memcmp(&value.real, &sample->integer, 8) == 0;
		else if (is_number(writer->carrier))
			same = value.integer == (int64_t) sample->integer;
		else
			same = value.bytes.len == sample->len &&
				(sample->len == 0 || memcmp(value.bytes.data, sample->bytes, sample->len) == 0);
		if (!same)
			fail("round trip: another value");
	}
	if (flat_next(column, &cursor, &value))
		fail("round trip: too many rows");
}

static void
run_round_trip(void)
{
	static Expected columns[6];
	static FlatResult result;
	FlatBuffer	message = {.grow = grow};
	int			ncolumns = 1 + (int) below(6);
	size_t		nrows = below(MAX_ROWS + 1);
	FlatSlice	input;
	uint8_t    *block;

	for (int i = 0; i < ncolumns; i++)
	{
		/* half of them written a second time after flat_reset(), as batches are */
		make_column(&columns[i], i, nrows, false);
		if (one_in(2))
		{
			FlatWriter *writer = &columns[i].writer;
			FlatBuffer	values = {.grow = grow},
						valid = {.grow = grow};

			flat_put_bytes(&values, writer->values.data, writer->values.len);
			flat_put_bytes(&valid, writer->valid.data, writer->valid.len);
			flat_reset(writer);
			flat_put_bytes(&writer->values, values.data, values.len);
			flat_put_bytes(&writer->valid, valid.data, valid.len);
			flat_frame_column(writer);
			reset_buffer(&values);
			reset_buffer(&valid);
		}
		if (columns[i].writer.prefix.data[0] != (5 << 3 | 2))
			fail("round trip: not InsertRequest.fields_data");
		put_column(&message, &columns[i].writer, 2);
	}
	current->target = QUERY;
	current->len = message.len;
	if (message.len > MAX_INPUT)
		abort();
	memcpy(current->data, message.data, message.len);
	if (run_current() != NULL)
		fail("round trip: does not open");

	block = malloc(message.len);
	memcpy(block, message.data, message.len);
	input = (FlatSlice) {block, message.len};
	if (flat_open_query(input, &result) == NULL)
	{
		if (result.ncolumns != (uint32_t) ncolumns)
			fail("round trip: columns lost");
		for (int i = 0; i < ncolumns; i++)
		{
			FlatColumn *column = flat_find_column(&result, columns[i].name);

			if (column == NULL)
				fail("round trip: a column is not found");
			else
				compare_column(column, &columns[i]);
		}
	}
	free(block);
	reset_buffer(&message);
}

/* As many columns as there may be, and one more. */
static void
run_limits(void)
{
	for (int extra = 0; extra <= 1; extra++)
	{
		current->target = QUERY;
		current->len = 0;
		for (int i = 0; i < FLAT_MAX_COLUMNS + extra; i++)
		{
			memcpy(current->data + current->len, "\x12\x03\x12\x01x", 5);
			current->len += 5;
		}
		if ((run_current() != NULL) != (extra > 0))
			fail("limit of columns not kept");
	}
}

/* ---- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static Input *
open_state(const char *path, bool create)
{
	int			fd = open(path, create ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR, 0600);
	Input	   *state;

	if (fd < 0 || (create && ftruncate(fd, sizeof(Input)) != 0))
	{
		perror(path);
		exit(2);
	}
	state = mmap(NULL, sizeof(Input), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
	{
		perror(path);
		exit(2);
	}
	close(fd);
	return state;
}

int
main(int argc, char **argv)
{
	double		end;
	uint64_t	trips = 0;

	if (argc == 3 && strcmp(argv[1], "-r") == 0)
	{
		const char *error;

		current = open_state(argv[2], false);
		error = run_current();
		printf("%s: %s\n", target_names[current->target], error ? error : "opened");
		return failures > 0;
	}
	if (argc < 3)
	{
		fprintf(stderr, "usage: fuzz SECONDS SEED [STATE] | fuzz -r FILE\n");
		return 2;
	}
	random_state = strtoull(argv[2], NULL, 10);
	current = argc > 3 ? open_state(argv[3], true) : calloc(1, sizeof(Input));
	seeds = calloc(NSEEDS, sizeof(Input));
	if (current == NULL || seeds == NULL)
		return 2;
	printf("fuzz: seed %s\n", argv[2]);
	fflush(stdout);
	end = now() + atof(argv[1]);

	for (int i = 0; i < NSEEDS; i++)
	{
		make_seed(&seeds[i]);
		memcpy(current, &seeds[i], sizeof(Input));
		if (run_current() != NULL)
			fail("a valid message does not open");
	}
	run_limits();
	while (now() < end)
		for (int i = 0; i < 256; i++)
		{
			if (i % 16 == 0)
			{
				run_round_trip();
				trips++;
			}
			else
				run_mutant();
		}

	for (int i = 0; i < MAX_PROBLEMS && problems[i].text; i++)
		printf("fuzz: %" PRIu64 " x %s\n", problems[i].count, problems[i].text);
	printf("fuzz: %" PRIu64 " opened, %" PRIu64 " round trips\n", opened, trips);
	printf("fuzz: %" PRIu64 " executions, %" PRIu64 " failures\n", executions, failures);
	return failures > 0;
}
