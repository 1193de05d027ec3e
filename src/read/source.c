/*
 * source.c
 *		What all sources of rows have in common.
 */
#include "postgres.h"

#include "source.h"

void
counters_finish_call(ScanCounters *counters, const MilvusTable *table, RpcCall *call, RpcBuffer *buffer, bool *too_large)
{
	instr_time	start,
				end;

	INSTR_TIME_SET_CURRENT(start);
	read_finish(table, call, buffer, too_large);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_ACCUM_DIFF(counters->waited, end, start);
	counters->requests++;
}
