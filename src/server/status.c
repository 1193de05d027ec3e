/*
 * status.c
 *		Whether Milvus did what it was asked: the status in its answers, as errors.
 */
#include "postgres.h"

#include "proto/milvus.pb-c.h"
#include "status.h"

bool
status_of_message(const ProtobufCMessage *response, MilvusStatus *status)
{
	const Milvus__Proto__Common__Status *found = NULL;
	bool		has_status = true;

	if (response->descriptor == &milvus__proto__common__status__descriptor)
		found = (const Milvus__Proto__Common__Status *) response;
	else
	{
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(response->descriptor, "status");

		if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
			field->label != PROTOBUF_C_LABEL_REPEATED &&
			field->descriptor == &milvus__proto__common__status__descriptor)
			found = *(const Milvus__Proto__Common__Status *const *) ((const char *) response + field->offset);
		else
			has_status = false;
	}
	/* one that was not sent is a success, as an empty one is */
	memset(status, 0, sizeof(*status));
	if (found == NULL)
		return has_status;
	status->code = found->code;
	status->error_code = (int) found->error_code;
	status->reason = found->reason;
	return true;
}

/*
 * What Milvus says where its code says nothing (65535), or too little, and what to
 * do.  Texts of 2.3.5 to 3.0; where one has changed there is no hint.
 */
static const struct
{
	const char *rpc;			/* what its name begins with */
	int			code;			/* 0: any */
	const char *said;
	int			sqlstate;
	const char *hint;
}			known_reasons[] = {
	{"", MILVUS_UNEXPECTED, "not loaded[", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, LOAD_HINT},
	{"Drop", 0, "please release it first", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "Take it out of memory first: milvus.release()."},
	{"Load", 0, "index not found", ERRCODE_UNDEFINED_OBJECT, "Indexes are made by milvus.create_index(); each vector field needs one before the collection is loaded."},
	{"CreateIndex", 0, "at most one distinct index", ERRCODE_DUPLICATE_OBJECT, "Drop the other one first: milvus.release(), milvus.drop_index()."},
	{"CreateIndex", 0, "invalid index type", ERRCODE_INVALID_PARAMETER_VALUE, "Types of indexes are written in upper case, such as FLAT, IVF_FLAT, HNSW, AUTOINDEX."},
	{"CreateIndex", 0, "efConstruction", ERRCODE_INVALID_PARAMETER_VALUE, "HNSW needs parameters: '{\"M\": 16, \"efConstruction\": 200}'."},
	{"CreateIndex", 0, "nlist", ERRCODE_INVALID_PARAMETER_VALUE, "IVF indexes need parameters: '{\"nlist\": 128}'."},
};

static const struct
{
	int			code;
	int			sqlstate;
	const char *hint;
}			known_codes[] = {
	{MILVUS_COLLECTION_NOT_FOUND, ERRCODE_UNDEFINED_TABLE, NOT_FOUND_HINT},
	{MILVUS_COLLECTION_NOT_LOADED, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, LOAD_HINT},
	{MILVUS_PARTITION_NOT_FOUND, ERRCODE_UNDEFINED_OBJECT, NULL},
	{MILVUS_INDEX_NOT_FOUND, ERRCODE_UNDEFINED_OBJECT, NULL},
	{MILVUS_DATABASE_NOT_FOUND, ERRCODE_UNDEFINED_DATABASE, NULL},
	{MILVUS_INVALID_PARAMETER, ERRCODE_INVALID_PARAMETER_VALUE, NULL},
	{MILVUS_WRONG_PASSWORD, ERRCODE_INVALID_PASSWORD, NULL},
};

/* The SQLSTATE and the hint: by the code first, by the reason where the code has none. */
static void
classify(const char *rpc, const MilvusStatus *status, int *sqlstate, const char **hint)
{
	*sqlstate = ERRCODE_FDW_ERROR;
	*hint = NULL;
	for (int i = 0; i < lengthof(known_codes); i++)
		if (known_codes[i].code == status->code)
		{
			*sqlstate = known_codes[i].sqlstate;
			*hint = known_codes[i].hint;
		}
	for (int i = 0; i < lengthof(known_reasons) && status->reason && *hint == NULL; i++)
		if (strncmp(rpc, known_reasons[i].rpc, strlen(known_reasons[i].rpc)) == 0 &&
			(known_reasons[i].code == 0 || known_reasons[i].code == status->code) &&
			strstr(status->reason, known_reasons[i].said))
		{
			if (*sqlstate == ERRCODE_FDW_ERROR)
				*sqlstate = known_reasons[i].sqlstate;
			*hint = known_reasons[i].hint;
		}
}

void
status_check(const RpcServer *server, const char *rpc, const MilvusStatus *status)
{
	const char *reason = status->reason && status->reason[0] ? status->reason : "request failed";
	const char *hint;
	int			sqlstate;

	if (!status_failed(status))
		return;
	if (status->code == MILVUS_PRIVILEGE_NOT_PERMITTED)
		rpc_raise_not_permitted(server, rpc, reason);
	classify(rpc, status, &sqlstate, &hint);
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("Milvus server \"%s\": %s", server->name, rpc_readable(reason)),
			 errdetail("%s ended with code %d.", rpc,
					   status->code != 0 ? status->code : status->error_code),
			 hint ? errhint("%s", hint) : 0));
}

ProtobufCMessage *
status_call(const RpcServer *server, const char *rpc, bool repeatable,
			const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response_type,
			MilvusStatus *status)
{
	ProtobufCMessage *response =
		rpc_finish_message(rpc_start_message(server, rpc, repeatable, request), response_type);
	MilvusStatus found;

	if (status_of_message(response, &found) && status == NULL)
		status_check(server, rpc, &found);
	if (status)
		*status = found;
	return response;
}
