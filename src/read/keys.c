/*
 * keys.c
 *		Primary keys: from the values of a column, and sets of them.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "filter/filter.h"
#include "keys.h"

typedef struct KeyEntry
{
	RowKey		key;
	int			number;
	char		status;
} KeyEntry;

static uint32
key_hash(const RowKey *key)
{
	return key->is_text ? hash_bytes(key->text.data, (int) key->text.len) :
		murmurhash32((uint32) key->integer ^ (uint32) ((uint64) key->integer >> 32));
}

bool
key_equal(const RowKey *one, const RowKey *other)
{
	if (!one->is_text)
		return one->integer == other->integer;
	return one->text.len == other->text.len && memcmp(one->text.data, other->text.data, one->text.len) == 0;
}

#define SH_PREFIX keytable
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE RowKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) key_hash(&(key))
#define SH_EQUAL(table, a, b) key_equal(&(a), &(b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct KeySet
{
	MemoryContext context;		/* of the texts */
	keytable_hash *table;
};

void
key_init_maker(KeyMaker *maker, const MilvusTable *table, AttrNumber attnum)
{
	table_init_codec(table, attnum, &maker->codec);
	maker->buffer = codec_make_buffer();
}

/* The number that an encoded value starts with; at is moved behind it. */
static uint64
take_varint(const FlatBuffer *buffer, size_t *at)
{
	uint64		result = 0;

	for (int shift = 0; *at < buffer->len && shift < 64; shift += 7)
	{
		uint8		byte = buffer->data[(*at)++];

		result |= (uint64) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			break;
	}
	return result;
}

/* The codec knows how a value is sent: as a number, or as a text with its tag and length. */
RowKey
key_make(KeyMaker *maker, Datum value)
{
	RowKey		key = {0};
	size_t		at = 0;

	maker->buffer.len = 0;
	codec_write(&maker->codec, value, &maker->buffer);
	key.is_text = maker->codec.carrier == FLAT_SCALAR_STRING;
	if (key.is_text)
	{
		at = 1;
		key.text.len = take_varint(&maker->buffer, &at);
		key.text.data = maker->buffer.data + at;
	}
	else
		key.integer = (int64) take_varint(&maker->buffer, &at);
	return key;
}

RowKey
key_make_of_slot(KeyMaker *maker, TupleTableSlot *slot, AttrNumber attnum)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, attnum, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("null value in column \"%s\", the primary key", maker->codec.column)));
	return key_make(maker, value);
}

RowKey
key_copy(const RowKey *key)
{
	RowKey		copy = *key;

	if (key->is_text)
	{
		copy.text.data = palloc(Max(key->text.len, 1));
		memcpy(unconstify(uint8 *, copy.text.data), key->text.data, key->text.len);
	}
	return copy;
}

void
key_filter_begin(KeyFilter *filter, const MilvusTable *table, bool negated)
{
	filter->table = table;
	filter->negated = negated;
	filter->listed = 0;
	filter->alone = false;
	initStringInfo(&filter->list);
	appendStringInfo(&filter->list, "%s %sin [", table->collection->primary_key->name, negated ? "not " : "");
}

bool
key_filter_add(KeyFilter *filter, const RowKey *key)
{
	int			start = filter->list.len;

	if (key_stands_alone(key))
		return filter->alone = true;
	if (filter->listed > 0)
		appendStringInfoChar(&filter->list, ',');
	if (!filter_write_key(filter->table, &filter->list, key->is_text, key->integer, (const char *) key->text.data, key->text.len))
	{
		filter->list.len = start;
		filter->list.data[start] = '\0';
		return false;
	}
	filter->listed++;
	return true;
}

int
key_filter_count(const KeyFilter *filter)
{
	return filter->listed + filter->alone;
}

char *
key_filter_end(KeyFilter *filter)
{
	const char *name = filter->table->collection->primary_key->name;

	/* the lowest number is what is below its neighbour */
	char	   *alone = !filter->alone ? NULL :
		psprintf("%s %s " INT64_FORMAT, name, filter->negated ? ">=" : "<", PG_INT64_MIN + 1);

	if (filter->listed == 0)
		return alone;
	appendStringInfoChar(&filter->list, ']');
	if (alone == NULL)
		return filter->list.data;
	return psprintf("(%s %s %s)", filter->list.data, filter->negated ? "and" : "or", alone);
}

char *
key_filter_end_within(KeyFilter *filter, const char *expr)
{
	char	   *text = key_filter_end(filter);

	if (text == NULL)
		return pstrdup(expr);
	return expr[0] ? psprintf("(%s) and %s", expr, text) : text;
}

char *
key_filter_make(const MilvusTable *table, const RowKey *keys, int count, const char *what_for)
{
	KeyFilter	filter;

	key_filter_begin(&filter, table, false);
	for (int i = 0; i < count; i++)
		if (!key_filter_add(&filter, &keys[i]))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot %s a row of foreign table \"%s\"", what_for, table->relname),
					 errdetail("A value of its key \"%s\" cannot be written in a filter of %s.",
							   table->collection->primary_key->name, table->connection->dialect->name)));
	return key_filter_end(&filter);
}

void
key_check_changeable(const MilvusTable *table, const RowKey *key)
{
	const Dialect *dialect = table->connection->dialect;

	if (!dialect->quotes_in_keys && key->is_text && memchr(key->text.data, '\'', key->text.len))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot change or delete a row of foreign table \"%s\" whose key has a single quote", table->relname),
				 errdetail("%s fails at it.", dialect->name)));
}

KeySet *
keyset_make(void)
{
	KeySet	   *set = palloc(sizeof(KeySet));

	set->context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw keys", ALLOCSET_DEFAULT_SIZES);
	set->table = keytable_create(CurrentMemoryContext, 256, NULL);
	return set;
}

bool
keyset_add(KeySet *set, const RowKey *key, int number)
{
	bool		found;
	KeyEntry   *entry = keytable_insert(set->table, *key, &found);
	MemoryContext caller;

	if (found)
		return false;
	entry->number = number;
	caller = MemoryContextSwitchTo(set->context);
	entry->key = key_copy(key);
	MemoryContextSwitchTo(caller);
	return true;
}

int
keyset_find(KeySet *set, const RowKey *key)
{
	KeyEntry   *entry = keytable_lookup(set->table, *key);

	return entry ? entry->number : -1;
}

void
keyset_empty(KeySet *set)
{
	keytable_reset(set->table);
	MemoryContextReset(set->context);
}

void
keyset_remove(KeySet *set, const RowKey *key)
{
	keytable_delete(set->table, *key);
}

int
keyset_size(const KeySet *set)
{
	return (int) set->table->members;
}

void
keyset_begin(KeySet *set, KeySetIterator *iterator)
{
	keytable_iterator begun;

	keytable_start_iterate(set->table, &begun);
	*iterator = (KeySetIterator) {begun.cur, begun.end, begun.done};
}

const RowKey *
keyset_next(KeySet *set, KeySetIterator *iterator)
{
	keytable_iterator at = {iterator->at, iterator->end, iterator->done};
	KeyEntry   *entry = keytable_iterate(set->table, &at);

	*iterator = (KeySetIterator) {at.cur, at.end, at.done};
	return entry ? &entry->key : NULL;
}

/* a list of them costs less than the rows */
#define MAX_LISTED_KEYS 10000

char *
key_filter_others(const MilvusTable *table, const char *expr, KeySet *keys)
{
	KeyFilter	filter;
	KeySetIterator iterator;
	const RowKey *key;

	if (keyset_size(keys) > MAX_LISTED_KEYS || !filter_can_name(table, table->collection->primary_key))
		return pstrdup(expr);
	key_filter_begin(&filter, table, true);
	keyset_begin(keys, &iterator);
	while ((key = keyset_next(keys, &iterator)) != NULL)
		(void) key_filter_add(&filter, key);
	return key_filter_end_within(&filter, expr);
}
