/*
 * store.c
 *		Bytes that wait for the end of the transaction.
 *
 * The file is written without a buffer: to close a BufFile may fail for want of
 * room, and an error in the abort of a transaction ends in a PANIC.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "store.h"

/* what is held in memory at most, whatever work_mem is */
#define MAX_MEMORY (256 * 1024 * 1024)

/* the bytes are in one of them; memory is in TopTransactionContext */
static StringInfo memory = NULL;
static File file = 0;
static off_t end = 0;

off_t
store_end(void)
{
	return end;
}

static void
write_file(File to, off_t place, char *data, Size len)
{
	if (FileWrite(to, data, (int) len, place, WAIT_EVENT_BUFFILE_WRITE) != (int) len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write the temporary file of writes kept back: %m")));
}

static void
move_into_file(void)
{
	File		opened;

	PrepareTempTablespaces();
	/* it lives as long as the transaction, not as the statement */
	opened = OpenTemporaryFile(true);
	PG_TRY();
	{
		write_file(opened, 0, memory->data, memory->len);
	}
	PG_CATCH();
	{
		FileClose(opened);
		PG_RE_THROW();
	}
	PG_END_TRY();
	file = opened;
	pfree(memory->data);
	memory = NULL;
}

void
store_append(const char *data, Size len)
{
	if (file == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		if (memory == NULL)
			memory = makeStringInfo();
		if (memory->len + len <= Min((Size) work_mem * 1024, MAX_MEMORY))
		{
			appendBinaryStringInfoNT(memory, data, (int) len);
			end = memory->len;
		}
		else
			move_into_file();
		MemoryContextSwitchTo(caller);
	}
	if (file != 0)
	{
		write_file(file, end, unconstify(char *, data), len);
		end += len;
	}
}

void
store_cut(off_t place)
{
	end = place;
	if (memory)
		memory->len = (int) place;
}

void
store_read(off_t place, char *data, Size len)
{
	if (file == 0)
		memcpy(data, memory->data + place, len);
	else if (FileRead(file, data, (int) len, place, WAIT_EVENT_BUFFILE_READ) != (int) len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read the temporary file of writes kept back: %m")));
}

void
store_forget(void)
{
	if (file != 0)
		FileClose(file);
	file = 0;
	memory = NULL;
	end = 0;
}
