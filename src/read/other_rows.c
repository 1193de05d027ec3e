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
	PageSource *pages;
	KeySet	   *known;
};

OtherRows *
other_rows_begin(const SourceRequest *request, RowReader *reader, KeySet *known, int64 delivered)
{
	OtherRows  *others = palloc(sizeof(OtherRows));
	int64		wanted = request->wanted == ROWS_ALL ? ROWS_ALL : Max(request->wanted - delivered, 1);

	others->known = known;
	others->pages = pages_begin(request->table, reader, key_filter_others(request->table, request->expr, known),
								wanted, ROWS_ALL, request->counters);
	return others;
}

bool
other_rows_next(OtherRows *others, Datum *values, bool *nulls)
{
	RowKey		key;

	while (pages_next(others->pages, values, nulls, &key))
	{
		CHECK_FOR_INTERRUPTS();
		/* the filter cannot always name them all */
		if (keyset_find(others->known, &key) < 0)
			return true;
	}
	return false;
}
