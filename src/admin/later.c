/*
 * later.c
 *		Parts of requests that an older server overlooks.
 *
 * A server skips fields that it does not know, and reports success.  These are
 * the fields of requests that change something, by the first of the protocols of
 * 2.3 (PyMilvus 2.3.8), 2.5 (2.5.10) and 3.0 (3.0.2) that has them.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "later.h"
#include "proto/milvus.pb-c.h"

#define REQUEST(name) &milvus__proto__milvus__##name##__descriptor

static const struct
{
	const ProtobufCMessageDescriptor *message;
	const char *field;
	const char *before;			/* servers before that do not know it */
}			later_fields[] = {
	{REQUEST(alter_collection_request), "delete_keys", "2.4"},
	{REQUEST(alter_index_request), "delete_keys", "2.4"},
	{REQUEST(create_database_request), "properties", "2.4"},
	{REQUEST(create_resource_group_request), "config", "2.4"},
	{REQUEST(drop_role_request), "force_drop", "2.4"},
	{REQUEST(load_collection_request), "load_fields", "2.4"},
	{REQUEST(load_collection_request), "skip_load_dynamic_field", "2.4"},
	{REQUEST(load_collection_request), "load_params", "2.6"},
	{REQUEST(load_partitions_request), "load_fields", "2.4"},
	{REQUEST(load_partitions_request), "skip_load_dynamic_field", "2.4"},
	{REQUEST(load_partitions_request), "load_params", "2.6"},
	{REQUEST(manual_compaction_request), "majorCompaction", "2.4"},
	{REQUEST(manual_compaction_request), "partition_id", "2.4"},
	{REQUEST(manual_compaction_request), "channel", "2.4"},
	{REQUEST(manual_compaction_request), "segment_ids", "2.4"},
	{REQUEST(manual_compaction_request), "l0Compaction", "2.6"},
	{REQUEST(manual_compaction_request), "target_size", "2.6"},
	{REQUEST(flush_all_request), "flush_targets", "2.6"},
	{REQUEST(create_credential_request), "description", "2.6"},
	{REQUEST(update_credential_request), "description", "2.6"},
	{REQUEST(role_entity), "description", "2.6"},
};

/* Does a field hold anything else than what it has when it is left out? */
static bool
is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *value = (const char *) message + field->offset;
	const char *quantifier = (const char *) message + field->quantifier_offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *) quantifier > 0;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32 *) quantifier == field->id;
	switch (field->type)
	{
		case PROTOBUF_C_TYPE_MESSAGE:
			return *(const void *const *) value != NULL;
		case PROTOBUF_C_TYPE_STRING:
			return *(const char *const *) value != NULL && (*(const char *const *) value)[0] != '\0';
		case PROTOBUF_C_TYPE_BOOL:
			return *(const protobuf_c_boolean *) value;
		case PROTOBUF_C_TYPE_INT64:
			return *(const int64 *) value != 0;
		default:
			elog(ERROR, "unexpected type of field \"%s\"", field->name);
	}
}

static void
check_message(const MilvusConnection *connection, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	check_stack_depth();
	for (int i = 0; i < lengthof(later_fields); i++)
	{
		if (later_fields[i].message != type || !dialect_precedes(connection->dialect, later_fields[i].before))
			continue;
		if (is_set(message, protobuf_c_message_descriptor_get_field_by_name(type, later_fields[i].field)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("Milvus server \"%s\" does not know \"%s\" of %s", connection->rpc.name,
							later_fields[i].field, type->short_name),
					 errdetail("It would overlook it without a word; it calls itself \"%s\".", connection->server_version),
					 errhint("It came with a version of Milvus after %s.",
							 strcmp(later_fields[i].before, "2.4") == 0 ? "2.3" : "2.5")));
	}
	for (unsigned i = 0; i < type->n_fields; i++)
	{
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		/* none of the fields listed above occurs inside a repeated message */
		if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED && is_set(message, field))
			check_message(connection, *(const ProtobufCMessage *const *) ((const char *) message + field->offset));
	}
}

void
later_check_request(const MilvusConnection *connection, const ProtobufCMessage *request)
{
	check_message(connection, request);
}
