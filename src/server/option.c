/*
 * option.c
 *		The options of foreign servers, user mappings, foreign tables and columns.
 *
 * One table names them all.  Must not know connections.
 */
#include "postgres.h"

#include <limits.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "json_check.h"
#include "option.h"
#include "setting.h"

#define MILVUS_DEFAULT_PORT 19530
#define DEFAULT_CONNECT_TIMEOUT_S 10
#define DEFAULT_KEEPALIVES_IDLE_S 10
#define DEFAULT_KEEPALIVES_INTERVAL_S 10
#define DEFAULT_KEEPALIVES_COUNT 3
#define DEFAULT_MAX_MESSAGE "256MB"
/* gRPC counts bytes in an int */
#define MIN_MESSAGE_KB 1024
#define MAX_MESSAGE_KB (2047 * 1024)

typedef enum OptionKind
{
	OPTION_TEXT,
	OPTION_HOST,
	OPTION_PORT,
	OPTION_SECONDS,
	OPTION_COUNT,
	OPTION_MEMORY,
	OPTION_ROWS,
	OPTION_DIM,
	OPTION_BOOLEAN,
	OPTION_FILE,				/* read by the server process: not for
								 * everybody */
	OPTION_JSON,
	OPTION_SSLMODE,
	OPTION_CONSISTENCY,
	OPTION_INSERT_MODE,
	OPTION_WRITE_MODE,
	OPTION_SAMPLING
} OptionKind;

typedef struct Option
{
	const char *name;
	Oid			catalog;
	OptionKind	kind;
} Option;

static const Option known_options[] = {
	{"host", ForeignServerRelationId, OPTION_HOST},
	{"port", ForeignServerRelationId, OPTION_PORT},
	{"dbname", ForeignServerRelationId, OPTION_TEXT},
	{"sslmode", ForeignServerRelationId, OPTION_SSLMODE},
	{"sslrootcert", ForeignServerRelationId, OPTION_FILE},
	{"sslcert", ForeignServerRelationId, OPTION_FILE},
	{"sslkey", ForeignServerRelationId, OPTION_FILE},
	{"ssl_server_name", ForeignServerRelationId, OPTION_TEXT},
	{"connect_timeout", ForeignServerRelationId, OPTION_SECONDS},
	{"request_timeout", ForeignServerRelationId, OPTION_SECONDS},
	{"keepalives", ForeignServerRelationId, OPTION_BOOLEAN},
	{"keepalives_idle", ForeignServerRelationId, OPTION_SECONDS},
	{"keepalives_interval", ForeignServerRelationId, OPTION_SECONDS},
	{"keepalives_count", ForeignServerRelationId, OPTION_COUNT},
	{"max_message", ForeignServerRelationId, OPTION_MEMORY},
	{"keep_connections", ForeignServerRelationId, OPTION_BOOLEAN},
	/* defaults for the tables of a server, and of a table */
	{"fetch_size", ForeignServerRelationId, OPTION_ROWS},
	{"fetch_size", ForeignTableRelationId, OPTION_ROWS},
	{"batch_size", ForeignServerRelationId, OPTION_ROWS},
	{"batch_size", ForeignTableRelationId, OPTION_ROWS},
	{"consistency_level", ForeignServerRelationId, OPTION_CONSISTENCY},
	{"consistency_level", ForeignTableRelationId, OPTION_CONSISTENCY},
	{"search_params", ForeignServerRelationId, OPTION_JSON},
	{"search_params", ForeignTableRelationId, OPTION_JSON},
	{"insert_mode", ForeignServerRelationId, OPTION_INSERT_MODE},
	{"insert_mode", ForeignTableRelationId, OPTION_INSERT_MODE},
	{"write_mode", ForeignServerRelationId, OPTION_WRITE_MODE},
	{"write_mode", ForeignTableRelationId, OPTION_WRITE_MODE},
	{"analyze_sampling", ForeignServerRelationId, OPTION_SAMPLING},
	{"analyze_sampling", ForeignTableRelationId, OPTION_SAMPLING},
	{"unique_keys", ForeignServerRelationId, OPTION_BOOLEAN},
	{"unique_keys", ForeignTableRelationId, OPTION_BOOLEAN},
	{"updatable", ForeignServerRelationId, OPTION_BOOLEAN},
	{"updatable", ForeignTableRelationId, OPTION_BOOLEAN},
	{"collection", ForeignTableRelationId, OPTION_TEXT},
	{"partition", ForeignTableRelationId, OPTION_TEXT},
	{"dbname", ForeignTableRelationId, OPTION_TEXT},
	{"field", AttributeRelationId, OPTION_TEXT},
	{"dynamic_key", AttributeRelationId, OPTION_TEXT},
	{"primary_key", AttributeRelationId, OPTION_BOOLEAN},
	{"auto_id", AttributeRelationId, OPTION_BOOLEAN},
	{"partition_key", AttributeRelationId, OPTION_BOOLEAN},
	{"dim", AttributeRelationId, OPTION_DIM},
	{"full_text", AttributeRelationId, OPTION_BOOLEAN},
	{"match", AttributeRelationId, OPTION_BOOLEAN},
	{"analyzer", AttributeRelationId, OPTION_JSON},
	{"user", UserMappingRelationId, OPTION_TEXT},
	{"password", UserMappingRelationId, OPTION_TEXT},
	{"token", UserMappingRelationId, OPTION_TEXT},
	{"password_file", UserMappingRelationId, OPTION_FILE},
	{"token_file", UserMappingRelationId, OPTION_FILE},
	{"password_required", UserMappingRelationId, OPTION_BOOLEAN},
};

const struct config_enum_entry option_consistency_levels[] = {
	{"default", CONSISTENCY_UNSET, false},
	{"session", CONSISTENCY_SESSION, false},
	{"strong", CONSISTENCY_STRONG, false},
	{"bounded", CONSISTENCY_BOUNDED, false},
	{"eventually", CONSISTENCY_EVENTUALLY, false},
	{NULL, 0, false}
};

static const struct config_enum_entry sslmodes[] = {
	{"disable", false, false},
	{"verify-full", true, false},
	{NULL, 0, false}
};

static const struct config_enum_entry insert_modes[] = {
	{"insert", false, false},
	{"upsert", true, false},
	{NULL, 0, false}
};

static const struct config_enum_entry write_modes[] = {
	{"statement", false, false},
	{"commit", true, false},
	{NULL, 0, false}
};

static const struct config_enum_entry samplings[] = {
	{"auto", SAMPLING_AUTO, false},
	{"random", SAMPLING_RANDOM, false},
	{"modulo", SAMPLING_MODULO, false},
	{"off", SAMPLING_OFF, false},
	{NULL, 0, false}
};

/* What an option of a kind may be, where that is a whole number or one of some words. */
typedef struct OptionDomain
{
	int			min;
	int			max;			/* 0: no number */
	const struct config_enum_entry *choices;
	const char *wanted;			/* as the hint says it */
	bool		in_any_case;	/* a choice may be written so: Milvus' own
								 * clients write "Strong" */
} OptionDomain;

static const OptionDomain domains[] = {
	[OPTION_PORT] = {1, 65535, NULL, "a port number from 1 to 65535"},
	[OPTION_SECONDS] = {0, INT_MAX / 1000, NULL, "a number of seconds, or 0 for no limit"},
	[OPTION_COUNT] = {1, 1000, NULL, "a number from 1 to 1000"},
	[OPTION_ROWS] = {1, 1000000, NULL, "a number of rows from 1 to 1000000"},
	[OPTION_DIM] = {1, 262144, NULL, "a number of dimensions from 1 to 262144"},
	[OPTION_SSLMODE] = {0, 0, sslmodes,
	"\"disable\" or \"verify-full\": encryption without a look at the certificate does not keep anybody out"},
	/* that which leaves it to others is no level */
	[OPTION_CONSISTENCY] = {0, 0, option_consistency_levels + 1, "\"strong\", \"session\", \"bounded\" or \"eventually\"", true},
	[OPTION_INSERT_MODE] = {0, 0, insert_modes, "\"insert\" or \"upsert\""},
	[OPTION_WRITE_MODE] = {0, 0, write_modes, "\"statement\" or \"commit\""},
	[OPTION_SAMPLING] = {0, 0, samplings, "\"auto\", \"random\", \"modulo\" or \"off\""},
};

StaticAssertDecl(lengthof(domains) == OPTION_SAMPLING + 1, "a domain for each kind of option");

static const Option *
find_option(const char *name, Oid catalog)
{
	for (int i = 0; i < lengthof(known_options); i++)
		if (known_options[i].catalog == catalog && strcmp(known_options[i].name, name) == 0)
			return &known_options[i];
	return NULL;
}

/* An option that is not ours, or not of this object. */
static void
raise_unknown_option(const char *name, Oid catalog)
{
	StringInfoData valid;

	initStringInfo(&valid);
	for (int i = 0; i < lengthof(known_options); i++)
		if (known_options[i].catalog == catalog)
			appendStringInfo(&valid, "%s%s", valid.len > 0 ? ", " : "", known_options[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 valid.len > 0 ? errhint("Valid options in this context are: %s.", valid.data) :
			 errhint("There are no valid options in this context.")));
}

static _Noreturn void
raise_bad_value(const char *name, const char *value, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
			 errhint("It must be %s.", wanted)));
}

static int
parse_integer(const char *name, const char *value, int min, int max, const char *wanted)
{
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < min || number > max)
		raise_bad_value(name, value, wanted);
	return (int) number;
}

/* An amount of memory, as in postgresql.conf, in bytes. */
static int
parse_memory(const char *name, const char *value)
{
	int			kilobytes;

	if (!parse_int(value, &kilobytes, GUC_UNIT_KB, NULL) || kilobytes < MIN_MESSAGE_KB || kilobytes > MAX_MESSAGE_KB)
		raise_bad_value(name, value, "an amount of memory from 1MB to 2047MB");
	return kilobytes * 1024;
}

/* One of some words, as the value that stands for it. */
static int
parse_choice(const char *name, const char *value, const OptionDomain *domain)
{
	for (const struct config_enum_entry *choice = domain->choices; choice->name; choice++)
		if ((domain->in_any_case ? pg_strcasecmp(value, choice->name) : strcmp(value, choice->name)) == 0)
			return choice->val;
	raise_bad_value(name, value, domain->wanted);
}

/* May the user have the server process read files? */
static bool
may_read_files(Oid user)
{
	return superuser_arg(user) || has_privs_of_role(user, ROLE_PG_READ_SERVER_FILES);
}

/*
 * A name or an address, nothing of a URI: gRPC would take what stands before a colon
 * for the way to resolve it.
 */
static void
validate_host(const char *value)
{
	const char *colon = strchr(value, ':');
	bool		is_ipv6 = colon && strchr(colon + 1, ':') && strspn(value, "0123456789abcdefABCDEF:.[]") == strcspn(value, "%");
	const char *bracket = strchr(value, ']');

	if (value[0] == '\0' || strpbrk(value, "/ \t\r\n,") || (colon && !is_ipv6) || (bracket && bracket[1] != '\0'))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", "host", value),
				 errhint("It must be the name or the address of a host alone: a port is the option port, https:// the option sslmode 'verify-full'.")));
}

/* As in postgres_fdw, so that nobody lends himself the server's own credentials. */
static void
validate_boolean(const char *name, const char *value)
{
	bool		flag;

	if (!parse_bool(value, &flag))
		raise_bad_value(name, value, "a boolean");
	if (strcmp(name, "password_required") == 0 && !flag && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("password_required=false is superuser-only"),
				 errhint("User mappings with the option password_required set to false may only be created or modified by a superuser.")));
}

static void
validate_file(const char *name, const char *value)
{
	if (!is_absolute_path(value))
		raise_bad_value(name, value, "the absolute path of a file on the database server");
	if (!may_read_files(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set option \"%s\"", name),
				 errdetail("Only superusers and members of pg_read_server_files may name files of the database server.")));
}

static void
validate_value(const Option *option, DefElem *def)
{
	const char *value = defGetString(def);
	const OptionDomain *domain = &domains[option->kind];

	if (domain->choices)
		(void) parse_choice(option->name, value, domain);
	else if (domain->max > 0)
		(void) parse_integer(option->name, value, domain->min, domain->max, domain->wanted);
	else if (option->kind == OPTION_TEXT && value[0] == '\0' && option->catalog != UserMappingRelationId)
		raise_bad_value(option->name, value, "a text that is not empty");
	else if (option->kind == OPTION_HOST)
		validate_host(value);
	else if (option->kind == OPTION_MEMORY)
		(void) parse_memory(option->name, value);
	else if (option->kind == OPTION_BOOLEAN)
		validate_boolean(option->name, value);
	else if (option->kind == OPTION_FILE)
		validate_file(option->name, value);
	else if (option->kind == OPTION_JSON && !json_check_object(value))
		raise_bad_value(option->name, value, "a JSON object, such as {\"ef\": 64}");
}

static const char *
find_value(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst(lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

static void
raise_conflict(const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("conflicting options \"%s\" and \"%s\"", one, other),
			 errhint("Set one of them.")));
}

void
option_validate(List *options, Oid catalog)
{
	ListCell   *lc;
	const char *const exclusive[][2] = {
		{"password", "token"}, {"password", "password_file"}, {"password", "token_file"},
		{"token", "password_file"}, {"token", "token_file"}, {"password_file", "token_file"},
		{"field", "dynamic_key"},
	};

	foreach(lc, options)
	{
		DefElem    *def = lfirst(lc);
		const Option *option = find_option(def->defname, catalog);

		if (option == NULL)
			raise_unknown_option(def->defname, catalog);
		validate_value(option, def);
	}
	for (int i = 0; i < lengthof(exclusive); i++)
		if (find_value(options, exclusive[i][0]) && find_value(options, exclusive[i][1]))
			raise_conflict(exclusive[i][0], exclusive[i][1]);
	if ((find_value(options, "password") || find_value(options, "password_file")) &&
		!find_value(options, "user"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a password needs the option \"user\"")));
	if ((find_value(options, "sslcert") != NULL) != (find_value(options, "sslkey") != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"sslcert\" and \"sslkey\" must be set together")));
}

static char *
copy_value(List *options, const char *name, const char *otherwise)
{
	const char *value = find_value(options, name);

	if (value == NULL)
		value = otherwise;
	return value ? pstrdup(value) : NULL;
}

/* Milvus' own names are ASCII, and others could be told it in UTF-8 only. */
static char *
copy_name(List *options, const char *name, const char *otherwise)
{
	char	   *value = copy_value(options, name, otherwise);

	if (value && !pg_is_ascii(value) && GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("names with other than ASCII characters are not supported in a database with encoding %s",
						GetDatabaseEncodingName()),
				 errdetail("The option %s is \"%s\".", name, value)));
	return value;
}

static bool
boolean_value(List *options, const char *name, bool otherwise)
{
	const char *value = find_value(options, name);
	bool		result = otherwise;

	if (value)
		(void) parse_bool(value, &result);
	return result;
}

static int
integer_value(List *options, const char *name, int otherwise)
{
	const char *value = find_value(options, name);

	return value ? atoi(value) : otherwise;
}

/* One of the words of a kind of option. */
static int
choice_value(List *options, const char *name, OptionKind kind, int otherwise)
{
	const char *value = find_value(options, name);

	return value ? parse_choice(name, value, &domains[kind]) : otherwise;
}

void
option_get_server(ForeignServer *server, ServerOptions *options)
{
	List	   *list = server->options;

	options->host = copy_value(list, "host", "localhost");
	options->port = integer_value(list, "port", MILVUS_DEFAULT_PORT);
	options->dbname = copy_name(list, "dbname", "default");
	options->tls = choice_value(list, "sslmode", OPTION_SSLMODE, false);
	options->sslrootcert = copy_value(list, "sslrootcert", NULL);
	options->sslcert = copy_value(list, "sslcert", NULL);
	options->sslkey = copy_value(list, "sslkey", NULL);
	options->ssl_server_name = copy_value(list, "ssl_server_name", NULL);
	options->connect_timeout_ms = 1000 * integer_value(list, "connect_timeout", DEFAULT_CONNECT_TIMEOUT_S);
	options->request_timeout_ms = 1000 * integer_value(list, "request_timeout", 0);
	options->keepalive_idle_ms = boolean_value(list, "keepalives", true) ?
		1000 * integer_value(list, "keepalives_idle", DEFAULT_KEEPALIVES_IDLE_S) : 0;
	options->keepalive_limit_ms = (int) Min((int64) 1000 * integer_value(list, "keepalives_interval", DEFAULT_KEEPALIVES_INTERVAL_S) *
											integer_value(list, "keepalives_count", DEFAULT_KEEPALIVES_COUNT), INT_MAX);
	/* no limit is no probe */
	if (options->keepalive_limit_ms == 0)
		options->keepalive_idle_ms = 0;
	options->max_message = parse_memory("max_message", copy_value(list, "max_message", DEFAULT_MAX_MESSAGE));
	options->keep_connections = boolean_value(list, "keep_connections", true);
}

void
option_get_mapping(UserMapping *mapping, MappingOptions *options)
{
	List	   *list = mapping->options;

	options->user = copy_value(list, "user", NULL);
	options->password = copy_value(list, "password", NULL);
	options->token = copy_value(list, "token", NULL);
	options->password_file = copy_value(list, "password_file", NULL);
	options->token_file = copy_value(list, "token_file", NULL);
	options->password_required = boolean_value(list, "password_required", true);
}

void
option_get_table(ForeignTable *table, ForeignServer *server, const char *relname,
				 TableOptions *options)
{
	/* the table's own come first, so that they are found first */
	List	   *list = list_concat_copy(table->options, server->options);

	options->collection = copy_name(table->options, "collection", relname);
	options->partition = copy_name(table->options, "partition", NULL);
	options->dbname = copy_name(list, "dbname", "default");
	options->fetch_size = integer_value(list, "fetch_size", 0);
	options->batch_size = integer_value(list, "batch_size", 0);
	options->consistency = milvus_consistency_level != CONSISTENCY_UNSET ? milvus_consistency_level :
		choice_value(list, "consistency_level", OPTION_CONSISTENCY, CONSISTENCY_UNSET);
	options->search_params = copy_value(list, "search_params", NULL);
	options->search_params_shared = find_value(table->options, "search_params") == NULL;
	options->upsert = choice_value(list, "insert_mode", OPTION_INSERT_MODE, false);
	options->write_at_commit = choice_value(list, "write_mode", OPTION_WRITE_MODE, false);
	options->analyze_sampling = choice_value(list, "analyze_sampling", OPTION_SAMPLING, SAMPLING_AUTO);
	options->updatable = boolean_value(list, "updatable", true);
	options->unique_keys = boolean_value(list, "unique_keys", true);
	list_free(list);
}

void
option_get_column(Oid relid, AttrNumber attnum, const char *attname, ColumnOptions *options)
{
	List	   *list = GetForeignColumnOptions(relid, attnum);

	options->field = copy_value(list, "field", attname);
	options->dynamic_key = copy_value(list, "dynamic_key", NULL);
	options->primary_key = boolean_value(list, "primary_key", false);
	options->auto_id = boolean_value(list, "auto_id", false);
	options->partition_key = boolean_value(list, "partition_key", false);
	options->dim = integer_value(list, "dim", 0);
	options->full_text = boolean_value(list, "full_text", false);
	options->match = boolean_value(list, "match", false);
	options->analyzer = copy_value(list, "analyzer", NULL);
}
