/*
 * side_libpq.c
 *		The side of milvus_fdw where a client should add little: libpq, prepared
 *		statements, binary values.
 *
 *		side_libpq VECTORS	(the server as libpq's environment says)
 *
 * Commands, one to a line; the first column of the results, a bigint, are the
 * keys:
 *		execute SQL					-- what it returns is of no interest
 *		prepare NAME SQL
 *		vectors NAME FIRST COUNT	-- $1 is each of the vectors
 *		keys NAME KEY...			-- $1 is an array of the keys
 *		run NAME					-- no parameter
 *		pid							-- of the backend, as the only key
 */
#include <arpa/inet.h>
#include <libpq-fe.h>

#include "side.h"

#define INT8_OID 20

static PGconn *connection;

static void
check(PGresult *result, ExecStatusType wanted)
{
	if (PQresultStatus(result) != wanted)
		fail("%s", PQerrorMessage(connection));
}

static inline char *
put32(char *p, uint32_t value)
{
	value = htonl(value);
	memcpy(p, &value, 4);
	return p + 4;
}

/* as pgvector's vector_recv() has it */
static size_t
write_vector(char *to, const float *vector)
{
	char	   *p = put32(to, DIM << 16);

	for (int i = 0; i < DIM; i++)
	{
		uint32_t	bits;

		memcpy(&bits, &vector[i], 4);
		p = put32(p, bits);
	}
	return p - to;
}

static size_t
write_keys(char *to, char *words)
{
	char	   *end = words,
			   *p = to + 20;
	uint32_t	count = 0;

	for (;;)
	{
		long long	key = strtoll(words, &end, 10);

		if (end == words)
			break;
		words = end;
		p = put32(p, 8);
		p = put32(p, (uint32_t) (key >> 32));
		p = put32(p, (uint32_t) key);
		count++;
	}
	put32(put32(put32(put32(put32(to, 1), 0), INT8_OID), count), 1);
	return p - to;
}

/* Execute, look at every value, note the keys. */
static void
execute(Answer *answer, const char *name, const char *parameter, int len, double start)
{
	static const int binary = 1;
	static volatile unsigned char seen;
	PGresult   *result = PQexecPrepared(connection, name, parameter ? 1 : 0, &parameter, &len, &binary, 1);
	int			rows;

	check(result, PGRES_TUPLES_OK);
	rows = PQntuples(result);
	for (int row = 0; row < rows; row++)
	{
		const unsigned char *bytes = (const unsigned char *) PQgetvalue(result, row, 0);
		uint64_t	key = 0;

		for (int i = 0; i < 8; i++)
			key = key << 8 | bytes[i];
		add_key(answer, (int64_t) key);
		for (int column = 1; column < PQnfields(result); column++)
			seen ^= *PQgetvalue(result, row, column);
	}
	PQclear(result);
	end_execution(answer, now() - start);
}

int
main(int argc, char **argv)
{
	Answer		answer = {0};
	char	   *line = NULL,
			   *parameter = NULL;
	size_t		line_size = 0,
				nvectors;
	float	   *vectors;

	if (argc != 2)
		fail("usage: side_libpq VECTORS");
	vectors = read_vectors(argv[1], &nvectors);
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		fail("%s", PQerrorMessage(connection));
	while (getline(&line, &line_size, stdin) > 0)
	{
		char		word[16] = "",
					name[32] = "";
		int			used = 0;
		size_t		first,
					count;

		sscanf(line, "%15s %n", word, &used);
		if (strcmp(word, "execute") == 0)
		{
			PGresult   *result = PQexec(connection, line + used);

			check(result, PQnfields(result) > 0 ? PGRES_TUPLES_OK : PGRES_COMMAND_OK);
			PQclear(result);
		}
		else if (strcmp(word, "pid") == 0)
		{
			add_key(&answer, PQbackendPID(connection));
			end_execution(&answer, 0);
		}
		else
		{
			int			name_used = 0;
			char	   *rest;

			sscanf(line + used, "%31s %n", name, &name_used);
			rest = line + used + name_used;
			parameter = realloc(parameter, 16 * strlen(rest) + DIM * sizeof(float) + 64);
			if (strcmp(word, "prepare") == 0)
			{
				PGresult   *result = PQprepare(connection, name, rest, 0, NULL);

				check(result, PGRES_COMMAND_OK);
				PQclear(result);
			}
			else if (strcmp(word, "vectors") == 0 && sscanf(rest, "%zu %zu", &first, &count) == 2 &&
					 first + count <= nvectors)
			{
				for (size_t i = first; i < first + count; i++)
				{
					double		start = now();
					size_t		len = write_vector(parameter, vectors + i * DIM);

					execute(&answer, name, parameter, len, start);
				}
			}
			else if (strcmp(word, "keys") == 0)
			{
				size_t		len = write_keys(parameter, rest);

				execute(&answer, name, parameter, len, now());
			}
			else if (strcmp(word, "run") == 0)
				execute(&answer, name, NULL, 0, now());
			else
				fail("bad command: %s", line);
		}
		print_answer(&answer);
	}
	PQfinish(connection);
	return 0;
}
