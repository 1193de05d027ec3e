/*
 * key_list.c
 *		The keys that a filter names, asked for some at a time.
 *
 * A server takes some 10 microseconds to parse a key, for each page anew, and a
 * message holds only so many.  So a long list is sorted, and a page is asked for
 * with the next of its keys only.  Must not know how pages are asked for.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "key_list.h"

/* a shorter list goes with every page */
#define SHORT_LIST 1000
/* keys of a page, however few rows it may have; and bytes of them */
#define LEAST_KEYS 1000
#define MOST_KEYS 16384
#define MOST_BYTES (1024 * 1024)

/* Invariant: passed <= written <= count, and keys ascend, none twice. */
struct KeyList
{
	const MilvusTable *table;
	RowKey	   *keys;
	int			count;
	int			passed;			/* those before it are done with */
	int			written;		/* those from passed up to it were written
								 * last */
	int			growth;			/* keys to write at least: more where few are
								 * found */
};

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE RowKey
#define ST_COMPARE(a, b) row_compare_keys(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The array's keys, sorted, once each; false when one can't be written. */
static bool
fill_list(KeyList *list, const FilterElements *elements, bool is_text)
{
	StringInfoData scratch;
	int			count = 0;

	initStringInfo(&scratch);
	list->keys = palloc_extended(sizeof(RowKey) * elements->count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < elements->count; i++)
	{
		RowKey	   *key = &list->keys[list->count];

		if (elements->nulls[i])
			continue;
		*key = (RowKey) {.is_text = is_text};
		if (is_text)
			key->text = filter_utf8_text(elements->datums[i]);
		else
			key->integer = filter_integer_value(elements->datums[i], elements->type);
		resetStringInfo(&scratch);
		if (!filter_write_key(list->table, &scratch, is_text, key->integer, (const char *) key->text.data, (int) key->text.len))
			return false;
		list->count++;
	}
	sort_keys(list->keys, list->count);
	for (int i = 0; i < list->count; i++)
		if (count == 0 || row_compare_keys(&list->keys[i], &list->keys[count - 1]) != 0)
			list->keys[count++] = list->keys[i];
	list->count = count;
	return true;
}

KeyList *
key_list_take(const MilvusTable *table, List **trees, const FilterValue *values)
{
	const CollectionField *field = table->collection->primary_key;
	ListCell   *lc;

	if (!filter_can_name(table, field))
		return NULL;
	foreach(lc, *trees)
	{
		FilterElements elements;
		KeyList    *list;

		if (!filter_key_values(table, lfirst(lc), values, SHORT_LIST, &elements))
			continue;
		list = palloc0(sizeof(KeyList));
		list->table = table;
		list->growth = LEAST_KEYS;
		if (!fill_list(list, &elements, field->data_type == MILVUS_VARCHAR))
			return NULL;
		*trees = list_delete_ptr(list_copy(*trees), lfirst(lc));
		return list;
	}
	return NULL;
}

int
key_list_left(const KeyList *list)
{
	return list->count - list->passed;
}

void
key_list_write(KeyList *list, StringInfo out, int least)
{
	int			most = Min(Max(least, list->growth), MOST_KEYS);
	KeyFilter	filter;

	key_filter_begin(&filter, list->table, false);
	for (list->written = list->passed; list->written < list->count; list->written++)
	{
		if (list->written - list->passed >= most || filter.list.len > MOST_BYTES)
			break;
		(void) key_filter_add(&filter, &list->keys[list->written]);
	}
	appendStringInfoString(out, key_filter_end(&filter));
}

void
key_list_pass(KeyList *list, const RowKey *last)
{
	if (last == NULL)
	{
		list->passed = list->written;
		list->growth = Min(list->growth * 2, MOST_KEYS);
		return;
	}
	while (list->passed < list->count && row_compare_keys(&list->keys[list->passed], last) <= 0)
		list->passed++;
}
