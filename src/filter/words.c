/*
 * words.c
 *		Functions that only a server can compute: on words in a text, and hybrid ranks.
 *
 * Analyzers differ by field and server: what a word is, nobody here can say.  So
 * such a function is sent, or refused when the query is planned.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "value/pgvector.h"
#include "words.h"

PG_FUNCTION_INFO_V1(milvus_only_in_milvus);

/* The body of all of them: the planner has found no way to send it. */
Datum
milvus_only_in_milvus(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("milvus.%s() can only be computed by Milvus", get_func_name(fcinfo->flinfo->fn_oid)),
			 errdetail("It ranks, or matches, the rows of one foreign table that the same part of the query reads."),
			 errhint("Put the search into a subquery of its own, with ORDER BY and LIMIT.")));
}

WordsFunction
words_function(Oid function)
{
	static const struct
	{
		const char *name;
		WordsFunction function;
	}			known[] = {
		{"bm25_distance", WORDS_RANK}, {"text_match", WORDS_MATCH}, {"phrase_match", WORDS_PHRASE},
		{"rrf", WORDS_RRF}, {"weighted", WORDS_WEIGHTED}
	};
	bool		is_ours;
	const char *name = known_function_name(function, &is_ours);

	for (int i = 0; i < lengthof(known) && is_ours; i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].function;
	return WORDS_NONE;
}

typedef struct Wanted
{
	Index		relid;
	bool		ranks;
} Wanted;

static bool
find_wanted(Node *node, void *context)
{
	const Wanted *wanted = context;
	Oid			function = InvalidOid;
	WordsFunction found;
	List	   *args = NIL;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
	{
		function = ((FuncExpr *) node)->funcid;
		args = ((FuncExpr *) node)->args;
	}
	else if (IsA(node, OpExpr))
	{
		function = get_opcode(((OpExpr *) node)->opno);
		args = ((OpExpr *) node)->args;
	}
	found = OidIsValid(function) ? words_function(function) : WORDS_NONE;
	if (found != WORDS_NONE && words_ranks(found) == wanted->ranks &&
		(wanted->relid == 0 || bms_is_member(wanted->relid, pull_varnos(NULL, linitial(args)))))
		return true;
	return expression_tree_walker(node, find_wanted, context);
}

bool
words_occur(Node *node, Index relid, bool ranks)
{
	Wanted		wanted = {relid, ranks};

	return find_wanted(node, &wanted);
}
