/*
 * other_rows.c
 *		The rows that a ranking has not found: they follow, with the rank 0.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "other_rows.h"
#include "pages.h"

struct OtherRows
{
	const SourceRequest *request;
	RowReader  *reader;
	MemoryContext context;
	PageSource *pages;			/* NULL: not asked for yet */
};

OtherRows *
other_rows_make(const SourceRequest *request, RowReader *reader)
{
	OtherRows  *others = palloc0(sizeof(OtherRows));

	others->request = request;
	others->reader = reader;
	others->context = CurrentMemoryContext;
	return others;
}

static PageSource *
begin_pages(const OtherRows *others, KeySet *known, int64 delivered)
{
	const SourceRequest *request = others->request;
	MemoryContext caller = MemoryContextSwitchTo(others->context);
	int64		wanted = request->wanted == ROWS_ALL ? ROWS_ALL : Max(request->wanted - delivered, 1);
	PageSource *pages = pages_begin(request->table, others->reader, key_filter_others(request->table, request->expr, known),
									wanted, ROWS_ALL, request->counters);

	MemoryContextSwitchTo(caller);
	return pages;
}

bool
other_rows_next(OtherRows *others, KeySet *known, int64 delivered, Datum *values, bool *nulls)
{
	RowKey		key;

	if (others->pages == NULL)
		others->pages = begin_pages(others, known, delivered);
	while (pages_next(others->pages, values, nulls, &key))
	{
		CHECK_FOR_INTERRUPTS();
		/* the filter cannot always name them all */
		if (keyset_find(known, &key) < 0)
			return true;
	}
	return false;
}
