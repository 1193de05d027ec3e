#!/usr/bin/env python3
"""Run the examples of doc/administration.md, doc/from-milvus-cli.md and doc/cookbook.md by psql.

    test/docs/run [--verbose]

administration.md: the ```sql blocks in the order of the page.  Those under a
heading that names a version of Milvus in parentheses run on the double, which
is told what to answer (ANSWERS), all others on Milvus 2.3; the first block
makes the table and runs on both.  Every statement must succeed, or end with
the state that a comment behind it names, `-- ERROR 42501`.  One that reads a
view must get rows, unless the comment begins with `-- none`.

from-milvus-cli.md: whatever stands in backticks in a table, but in its first
column, and begins like SQL or like a command of psql, runs on the double.

cookbook.md: all of it on Milvus Lite 3, and again, but what stands under such a
heading, on Milvus 2.3; each time the other of the two is the server "other".
LangChain's and LlamaIndex's collections are made by PyMilvus, as those packages
make them.  Where a statement is followed by its output, `--  id | title`, these
must be the rows, in this order.

The pages may name only what the extension has; administration.md must name
all of it, except the distances, in its tables and in the examples.  The columns
and arguments in the tables must be those of the catalogue.

Ends with "N examples run, M failed"; exit status 1 when M is not 0.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import frameworks

HERE = os.path.dirname(os.path.abspath(__file__))
DOC = os.path.join(HERE, "..", "..", "doc")
IMPORT_FILE = "/tmp/docs_import.json"
SECONDS = 150       # for all examples of one session
FEWEST = {"administration.md": 180, "from-milvus-cli.md": 100, "cookbook.md": 100}
VERSIONED = re.compile(r"\((?:after )?Milvus \d[^)]*\)\s*$")
SQL = re.compile(r"(?:[A-Z]{2,}\b|\\[a-z!]+\b)")
UNNAMED = re.compile(r"_distance$|^negative_inner_product$|^(text_match|phrase_match|rrf|weighted)$")

# --- what the double answers ---

DOCS = {"collection_name": "docs", "collectionID": 42, "shards_num": 1, "consistency_level": "Bounded", "aliases": ["docs_current"], "schema": {
    "name": "docs",
    "fields": [
        {"fieldID": 100, "name": "id", "is_primary_key": True, "data_type": "Int64"},
        {"fieldID": 101, "name": "title", "data_type": "VarChar", "type_params": [{"key": "max_length", "value": "800"}]},
        {"fieldID": 102, "name": "lang", "data_type": "VarChar", "type_params": [{"key": "max_length", "value": "20"}]},
        {"fieldID": 103, "name": "embedding", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "3"}]}],
    "functions": [{"name": "title_words", "type": "BM25", "input_field_names": ["title"], "output_field_names": ["words"]}]}}
TIME = 470000000000000000
FOUND = [
    {"type": "Int64", "field_name": "id", "field_id": 100, "scalars": {"long_data": {"data": [2]}}},
    {"type": "VarChar", "field_name": "title", "field_id": 101, "scalars": {"string_data": {"data": ["Dauphins"]}}},
    {"type": "VarChar", "field_name": "lang", "field_id": 102, "scalars": {"string_data": {"data": ["fr"]}}},
    {"type": "FloatVector", "field_name": "embedding", "field_id": 103, "vectors": {"dim": 3, "float_vector": {"data": [0, 1, 0]}}}]

ANSWERS = {
    # what there is
    "ListDatabases": {"db_names": ["default"], "db_ids": [1], "created_timestamp": [TIME]},
    "DescribeDatabase": {"db_name": "default", "properties": [{"key": "database.replica.number", "value": "2"}]},
    "ShowCollections": {"collection_names": ["docs"], "collection_ids": [42], "created_utc_timestamps": [1793000000000]},
    "DescribeCollection": DOCS,
    "HasCollection": {"value": True},
    "GetCollectionStatistics": {"status": {}, "stats": [{"key": "row_count", "value": "3"}]},
    "ShowPartitions": {"status": {}, "partition_names": ["_default"], "partitionIDs": [1], "created_utc_timestamps": [1793000000000]},
    "HasPartition": {"value": True},
    "DescribeIndex": {"status": {}, "index_descriptions": [{
        "field_name": "embedding", "index_name": "embedding", "state": "Finished", "total_rows": 3, "indexed_rows": 3,
        "params": [{"key": "index_type", "value": "HNSW"}, {"key": "metric_type", "value": "COSINE"}]}]},
    "GetLoadState": {"state": "LoadStateLoaded"},
    "GetReplicas": {"replicas": [{"replicaID": 1, "node_ids": [5], "resource_group_name": "__default_resource_group"}]},
    "GetPersistentSegmentInfo": {"infos": [{"segmentID": 1, "num_rows": 3, "state": "Flushed"}]},
    "GetQuerySegmentInfo": {"infos": [{"segmentID": 1, "num_rows": 3, "nodeIds": [5]}]},
    "CheckHealth": {"isHealthy": True},
    "GetMetrics": {"response": json.dumps({"nodes_info": [{"identifier": 5, "infos": {
        "type": "querynode", "name": "querynode5", "system_configurations": {"system_version": "3.0.1"}}}]})},
    "GetComponentStates": {"state": {"nodeID": 5, "role": "proxy", "state_code": "Healthy"}},
    "ListResourceGroups": {"resource_groups": ["docs_rg"]},
    "DescribeResourceGroup": {"resource_group": {"name": "docs_rg", "capacity": 2, "config": {"requests": {"node_num": 2}}}},
    "ListImportTasks": {"tasks": [{"id": 9, "state": "ImportCompleted", "row_count": 5}]},
    "ListNamespaces": {"namespaces": [{"namespace_name": "tenant_1", "state": "Ready"}]},
    "ListFileResources": {"resources": [{"id": 1, "name": "stop_words", "path": "analyzers/stop_words.txt"}]},
    "GetReplicateConfiguration": {"configuration": {
        "clusters": [{"cluster_id": "east"}, {"cluster_id": "west"}],
        "cross_cluster_topology": [{"source_cluster_id": "east", "target_cluster_id": "west"}]}},
    "GetReplicateInfo": {"checkpoint": {"cluster_id": "east", "time_tick": TIME}},
    # rows
    "Search": {"results": {"num_queries": 1, "top_k": 1, "topks": [1], "scores": [1.0], "ids": {"int_id": {"data": [2]}}, "fields_data": FOUND,
                           "primary_field_name": "id"}},
    "Upsert": {"upsert_cnt": 1, "insert_cnt": 1, "delete_cnt": 1, "succ_index": [0], "IDs": {"int_id": {"data": [2]}}},
    "Delete": {"delete_cnt": 1},
    # what takes its time, and is done
    "GetLoadingProgress": {"progress": 100, "refresh_progress": 100},
    "GetFlushState": {"flushed": True},
    "GetFlushAllState": {"flushed": True},
    "ManualCompaction": {"compactionID": 7},
    "GetCompactionState": {"state": "Completed", "completedPlanNo": 1},
    "GetCompactionStateWithPlans": {"state": "Completed", "mergeInfos": [
        {"sources": [1, 2], "target": 3, "plan_id": 8, "trigger_id": 7, "type": "CompactionTypeMix", "state": "CompactionTaskStateCompleted"}]},
    "Import": {"tasks": [9]},
    "GetImportState": {"state": "ImportCompleted", "row_count": 5},
    "Prewarm": {"taskID": "t1"},
    "DescribePrewarmTask": {"state": "PrewarmTaskStateCompleted"},
    "ListSnapshots": {"snapshots": ["before_change"]},
    "DescribeSnapshot": {"name": "before_change", "create_ts": TIME},
    "RestoreSnapshot": {"job_id": 3},
    "RestoreExternalSnapshot": {"job_id": 4},
    "GetRestoreSnapshotState": {"info": {"state": "RestoreSnapshotCompleted"}},
    "ListRestoreSnapshotJobs": {"jobs": [{"job_id": 3, "snapshot_name": "before_change", "state": "RestoreSnapshotCompleted", "progress": 100}]},
    "ExportSnapshot": {"job_id": 5},
    "GetExportSnapshotState": {"info": {"state": "ExportSnapshotCompleted", "snapshot_metadata_uri": "s3://backup/docs/metadata.json"}},
    "PinSnapshotData": {"pin_id": 12},
    "RefreshExternalCollection": {"job_id": 6},
    "GetRefreshExternalCollectionProgress": {"job_info": {"state": "RefreshCompleted"}},
    "ListRefreshExternalCollectionJobs": {"jobs": [{"job_id": 6, "state": "RefreshCompleted", "progress": 100, "external_source": "s3://lake/docs"}]},
    # who
    "SelectUser": {"results": [{"user": {"name": "docs_ann"}, "roles": [{"name": "docs_reader"}]}]},
    "SelectRole": {"results": [{"role": {"name": "docs_reader"}, "users": [{"name": "docs_ann"}]}]},
    "SelectGrant": {"entities": [{
        "role": {"name": "docs_reader"}, "object": {"name": "Collection"}, "object_name": "docs", "db_name": "default",
        "grantor": {"user": {"name": "root"}, "privilege": {"name": "Search"}}}]},
    "ListCredUsers": {"usernames": ["docs_ann"]},
    "ListPrivilegeGroups": {"privilege_groups": [{"group_name": "docs_reading", "privileges": [{"name": "Search"}, {"name": "Query"}]}]},
    "BackupRBAC": {"RBAC_meta": {"users": [{"user": "docs_ann", "password": "digest"}], "roles": [{"name": "docs_reader"}]}},
    "GetUserTags": {"tags": {"team": "red", "lang": "en"}},
    "ListUsersWithTag": {"user_names": ["docs_ann"]},
    "ListRowPolicies": {"policies": [{"policy_name": "english", "actions": ["Query", "Search"], "roles": ["docs_reader"], "using_expr": 'lang == "en"'}]},
    "ListRLSPrincipals": {"principal_names": ["docs_app"]},
    "GetRLSPrincipalTags": {"tags": {"tier": "gold"}},
    # texts
    "RunAnalyzer": {"results": [{"tokens": [{"token": "dolphin", "end_offset": 8}, {"token": "whale", "position": 1}]}, {"tokens": [{"token": "eleph"}]}]},
    "ComputePhraseMatchSlop": {"is_match": [True, True, False], "slops": [0, 2, 0]},
}

# --- psql ---


class Psql:
    def __init__(self, name, verbose):
        self.name = name
        self.verbose = verbose
        self.env = dict(os.environ)
        self.env.pop("PGDATABASE", None)
        self.folder = tempfile.TemporaryDirectory()
        with open(os.path.join(self.folder.name, "docs.csv"), "w") as f:
            f.write('id,title,lang,embedding\n4,Whales,en,"[1,1,0]"\n')

    def run(self, database, script, seconds=SECONDS):
        """(stdout, stderr); what fails is told there, and the rest goes on."""
        try:
            done = subprocess.run([os.environ["PSQL"], "-qXAt", "-d", "%s_%s" % (self.name, database), "-f", "-"], input=script,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds, env=self.env, cwd=self.folder.name)
            return done.stdout, done.stderr
        except subprocess.TimeoutExpired as e:
            return "", (e.stderr or b"").decode(errors="replace") + "\nnot done after %d s\n" % seconds

    def set_up(self, database, script):
        out, err = self.run(database, "\\set ON_ERROR_STOP on\n" + script)
        if err.strip():
            sys.exit("set-up of %s: %s" % (database, err.strip()))
        return out


def literal(text):
    return "'%s'" % text.replace("'", "''")


def make_server(port, name="m"):
    return """
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS milvus_fdw;
CREATE SERVER %s FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port %s);
CREATE USER MAPPING FOR CURRENT_USER SERVER %s OPTIONS (user 'root', password 'Milvus');
""" % (name, literal(port), name)


def order(**what):
    return "SELECT milvus.call('m', 'Dummy', jsonb_build_object('request_type', %s::jsonb)) IS NULL;\n" % literal(json.dumps(what))


def become(version):
    return order(op="version", version=version) + "SELECT milvus.disconnect('m') IS NULL;\n"


def tell(answers):
    return "".join(order(op="answer", rpc=rpc, response=response) for rpc, response in answers.items())


# what the double can't know: how many rows there were
def before(sql):
    series = re.search(r"^INSERT .*generate_series\((\d+), (\d+)\)", sql)
    keys = list(range(int(series.group(1)), int(series.group(2)) + 1)) if series else [4]
    inserted = {"insert_cnt": len(keys), "succ_index": list(range(len(keys))), "IDs": {"int_id": {"data": keys}}}
    return tell({"Insert": inserted}) + order(op="rows", columns=FOUND, count=3)


# what the examples leave behind on Milvus; each line makes the statements that remove it
REMAINS = r"""
SELECT format('SELECT milvus.drop_alias(%L, %L, %L)', 'm', alias, database)
	FROM milvus.aliases WHERE server = 'm' AND (database = 'default' OR database LIKE 'docs\_%') AND (collection = 'docs' OR collection LIKE 'docs\_%') \gexec
SELECT format('SELECT milvus.release(server => %L, collection => %L, database => %L)', 'm', collection, database)
	FROM milvus.collection_names WHERE server = 'm' AND (database = 'default' OR database LIKE 'docs\_%') AND (collection = 'docs' OR collection LIKE 'docs\_%') \gexec
SELECT format('SELECT milvus.drop_collection(server => %L, collection => %L, database => %L)', 'm', collection, database)
	FROM milvus.collection_names WHERE server = 'm' AND (database = 'default' OR database LIKE 'docs\_%') AND (collection = 'docs' OR collection LIKE 'docs\_%') \gexec
SELECT format('SELECT milvus.drop_database(%L, %L)', 'm', database) FROM milvus.databases WHERE server = 'm' AND database LIKE 'docs\_%' \gexec
SELECT format('SELECT milvus.revoke_privilege(%L, %L, %L, %L, %L, %L)', 'm', role, privilege, object_name, object_type, database)
	FROM milvus.grants WHERE server = 'm' AND role LIKE 'docs\_%' \gexec
SELECT format('SELECT milvus.revoke_role(%L, %L, %L)', 'm', user_name, role) FROM milvus.role_members WHERE server = 'm' AND role LIKE 'docs\_%' \gexec
SELECT format('SELECT milvus.drop_user(%L, %L)', 'm', user_name) FROM milvus.users WHERE server = 'm' AND user_name LIKE 'docs\_%' \gexec
SELECT format('SELECT milvus.drop_role(%L, %L)', 'm', role) FROM milvus.roles WHERE server = 'm' AND role LIKE 'docs\_%' \gexec
SELECT format('SELECT milvus.transfer_node(%L, %L, %L, %s)', 'm', resource_group, '__default_resource_group', available_nodes)
	FROM milvus.resource_groups WHERE server = 'm' AND resource_group LIKE 'docs\_%' AND available_nodes > 0 \gexec
SELECT format('SELECT milvus.drop_resource_group(%L, %L)', 'm', resource_group)
	FROM milvus.resource_groups WHERE server = 'm' AND resource_group LIKE 'docs\_%' \gexec
"""


# the same of the cookbook, whose servers are of two kinds
COOKBOOK_REMAINS = r"""
SELECT format('SELECT milvus.drop_alias(%L, %L)', server, alias) FROM milvus.aliases WHERE alias LIKE 'docs%' \gexec
SELECT format('SELECT milvus.drop_collection(server => %L, collection => %L)', server, collection)
	FROM milvus.collection_names WHERE database = 'default' AND collection ~ '^(docs|chunks|items|books_|LangChain|llama)' \gexec
DO $$ BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'docs_reader') THEN DROP OWNED BY docs_reader; DROP ROLE docs_reader; END IF;
END $$;
"""


def cookbook(psql, judge):
    page = "cookbook.md"
    so_far = judge.ran
    found = list(blocks(read_page(page)))
    ports = {"s": os.environ["MILVUS_S_PORT"], "l3": os.environ["MILVUS_L3_PORT"]}
    for database, own, other in (("c3", "l3", "s"), ("cs", "s", "l3")):
        psql.set_up(database, make_server(ports[own]) + make_server(ports[other], "other"))
        psql.set_up(database, COOKBOOK_REMAINS)
        frameworks.make("http://127.0.0.1:" + ports[own])
        examples = [e for versioned, text, line, _ in found if own == "l3" or not versioned for e in statements(text, line)]
        try:
            judge.run(psql, "%s on %s" % (page, own), database, examples)
        finally:
            psql.set_up(database, COOKBOOK_REMAINS)
    if judge.ran - so_far < FEWEST[page]:
        judge.complain("%s: only %d examples" % (page, judge.ran - so_far))


def remove_remains(psql):
    if os.path.exists(IMPORT_FILE):
        os.remove(IMPORT_FILE)
    psql.set_up("s", REMAINS)


# --- the pages ---


def normal(row):
    return [cell.strip() for cell in row.split("|")]


class Example:
    def __init__(self, sql, comment, line, shown=()):
        self.sql = sql
        self.line = line
        # the rows, without the head that psql writes over them
        rows = shown[2:] if len(shown) > 1 and re.match(r"-[-+]*$", shown[1].strip()) else shown
        self.output = [normal(row) for row in rows] if shown else None
        wanted = re.match(r"--\s*ERROR (\w{5})\b", comment)
        self.state = wanted.group(1) if wanted else "00000"
        self.none = comment.startswith("-- none")


def statements(text, first_line):
    """The statements of a block: SQL up to a semicolon or \\gset, or a command of psql up to the end of the line."""
    token = re.compile(r"""
        (?P<comment> --[^\n]* | /\*.*?\*/ ) | (?P<quoted> [eE]?'(?:[^']|'')*' | "[^"]*" | (?P<tag>\$\w*\$).*?(?P=tag) ) |
        (?P<command> \\[^\n]* ) | (?P<end> ; ) | (?P<space> \s+ ) | (?P<word> \w+ ) | (?P<other> . )""", re.X | re.S)
    found = []
    current, start = "", None
    for m in token.finditer(text):
        kind = m.lastgroup if m.lastgroup != "tag" else "quoted"
        if start is None and kind in ("comment", "space"):
            # behind a statement, on its line
            if kind == "comment" and found:
                between = text[found[-1][2]:m.start()]
                if "\n" not in between:
                    found[-1][1] = m.group()
                elif between.strip() == "" and between.count("\n") == 1 and (found[-1][4] or m.group().startswith("--  ")):
                    found[-1][4].append(m.group()[3:])
                    found[-1][2] = m.end()
            continue
        if start is None:
            start = m.start()
        current += m.group()
        if kind in ("end", "command"):
            found.append([current, "", m.end(), start, []])
            current, start = "", None
    if current.strip():
        found.append([current + ";", "", len(text), start, []])
    return [Example(sql, comment, first_line + text.count("\n", 0, start), shown) for sql, comment, _, start, shown in found]


def read_page(name):
    with open(os.path.join(DOC, name), encoding="utf-8") as f:
        return f.read().split("\n")


def blocks(lines):
    """(versioned?, text, first line, heading) of each ```sql block."""
    versioned = {}
    inside = None
    heading = ""
    for n, line in enumerate(lines, 1):
        if inside is None and re.match(r"#+ ", line):
            level = line.index(" ")
            heading = line.strip("# ")
            versioned = {k: v for k, v in versioned.items() if k < level}
            versioned[level] = bool(VERSIONED.search(line))
        elif inside is None and line.startswith("```sql"):
            inside = []
        elif inside is not None and line.startswith("```"):
            yield any(versioned.values()), "\n".join(inside), n - len(inside), heading
            inside = None
        elif inside is not None:
            inside.append(line)


def cells(line):
    return [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(lines):
    """(line number, cells) of each row of each table, without the heads."""
    fenced = False
    for n, line in enumerate(lines, 1):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("|") and not re.match(r"\|[-| :]+\|$", line) and not (
                n < len(lines) and re.match(r"\|[-| :]+\|$", lines[n])):
            yield n, cells(line)


def table_examples(lines):
    for n, row in tables(lines):
        for cell in row[1:]:
            for span in re.findall(r"`([^`]+)`", cell):
                if SQL.match(span) and " " in span:
                    yield from statements(span.replace("\\|", "|"), n)


# --- running ---


class Judge:
    def __init__(self, views):
        self.views = views
        self.ran = 0
        self.failed = 0

    def complain(self, text):
        self.failed += 1
        print(text, flush=True)

    def run(self, psql, page, database, examples, prepare=lambda sql: ""):
        script = "\\set VERBOSITY verbose\n"
        for i, e in enumerate(examples):
            script += prepare(e.sql) + "\\echo <<%d\n\\warn <<%d\n%s\n\\warn >>%d :SQLSTATE :ROW_COUNT\n\\echo >>%d\n" % (i, i, e.sql, i, i)
        out, err = psql.run(database, script)
        if psql.verbose:
            print(out)
        for i, e in enumerate(examples):
            m = re.search(r"^<<%d\n(.*?)^>>%d (\S+) (\S+)$" % (i, i), err, re.M | re.S)
            where = "%s:%d: %s" % (page, e.line, e.sql.strip())
            self.ran += 1
            if m is None:
                tail = err[-500:].strip()
                self.complain("%s\n    did not end%s" % (where, "\n    " + tail if i == 0 or "<<%d\n" % i in err else ""))
                continue
            told, state, rows = m.groups()
            if e.sql.lstrip().startswith("\\"):
                state = "00000" if not re.search(r"\b(error|ERROR|invalid command)\b", told) else "error"
            read = re.search(r"\bFROM milvus\.(\w+)\b(?!\()", e.sql)
            if state != e.state:
                self.complain("%s\n    SQLSTATE %s, not %s\n    %s" % (where, state, e.state, told.strip().replace("\n", "\n    ")))
            elif e.state == "00000" and read and read.group(1) in self.views and not e.none and rows == "0":
                self.complain("%s\n    no rows" % where)
            elif e.output is not None:
                got = re.search(r"^<<%d\n(.*?)^>>%d$" % (i, i), out, re.M | re.S).group(1).rstrip("\n").split("\n")
                if [normal(row) for row in got] != e.output:
                    self.complain("%s\n    the output is\n    %s" % (where, "\n    ".join(got)))


def catalogue(psql):
    """{view: columns}, {function: (arguments, internal?)}"""
    out = psql.set_up("s", """
SELECT json_object_agg(c.relname, ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum))
	FROM pg_class c WHERE c.relnamespace = 'milvus'::regnamespace AND c.relkind = 'v'
		AND coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE 'internal:%';
SELECT json_object_agg(p.proname, json_build_array(coalesce(p.proargnames, '{}'), coalesce(obj_description(p.oid, 'pg_proc'), '') LIKE 'internal:%'))
	FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace;
""")
    views, functions = (json.loads(line) for line in out.splitlines() if line)
    return views, functions


def check_names(judge, page, lines, views, functions, whole):
    text = "\n".join(lines)
    public = {f for f, (_, internal) in functions.items() if not internal}
    types = {"target"}
    for n, line in enumerate(lines, 1):
        for m in re.finditer(r"\bmilvus\.(\w+)(\(?)", line):
            name = m.group(1)
            known = name in public if m.group(2) else name in views or name in public or name in types
            if not known:
                judge.complain("%s:%d: there is no %s" % (page, n, m.group(0)))
    if not whole:
        return
    examples = "\n".join(text for _, text, _, _ in blocks(lines))
    rows = [(n, row) for n, row in tables(lines) if re.match(r"`milvus\.\w+(\(\))?`$", row[0])]
    in_tables = [row[0].strip("`") for _, row in rows]
    for name in sorted("milvus." + v for v in views) + sorted("milvus.%s()" % f for f in public if not UNNAMED.search(f)):
        if in_tables.count(name) != 1:
            judge.complain("%s: %s stands in %d tables" % (page, name, in_tables.count(name)))
        if not re.search(r"\b" + re.escape(name.rstrip(")")) + ("" if name.endswith(")") else r"\b(?!\()"), examples):
            judge.complain("%s: %s stands in no example" % (page, name))
    for n, row in rows:
        name = row[0].strip("`").split(".")[1]
        told = re.findall(r"\w+", row[1].replace("`", ""))
        if name.endswith("()") and name[:-2] in functions:
            extra = set(told) - set(functions[name[:-2]][0])
            if extra:
                judge.complain("%s:%d: milvus.%s has no argument %s" % (page, n, name, ", ".join(sorted(extra))))
        elif name in views and told != views[name]:
            judge.complain("%s:%d: the columns of milvus.%s are %s" % (page, n, name, ", ".join(views[name])))


def administration(psql, judge, views, functions):
    for database in ("d", "tools"):
        psql.set_up(database, make_server(os.environ["MILVUS_D_PORT"]))
    remove_remains(psql)
    page = "administration.md"
    lines = read_page(page)
    found = list(blocks(lines))
    both = statements(found[0][1], found[0][2])
    older = [e for versioned, text, line, _ in found if not versioned for e in statements(text, line)]
    newer = [e for versioned, text, line, heading in found if versioned and "(after" not in heading for e in statements(text, line)]
    later = [e for versioned, text, line, heading in found if versioned and "(after" in heading for e in statements(text, line)]
    try:
        judge.run(psql, page, "s", older)
    finally:
        remove_remains(psql)
    psql.set_up("d", become("3.0.1") + order(op="reset") + tell(ANSWERS))
    judge.run(psql, page, "d", both + newer)
    # what is in the protocol, but in no Milvus whose source was read
    psql.set_up("d", become("3.1.0"))
    judge.run(psql, page, "d", later)
    psql.set_up("d", become("3.0.1"))
    check_names(judge, page, lines, views, functions, whole=True)
    if judge.ran < FEWEST[page]:
        judge.complain("%s: only %d examples" % (page, judge.ran))

    page, so_far = "from-milvus-cli.md", judge.ran
    lines = read_page(page)
    psql.set_up("tools", order(op="reset") + tell(ANSWERS) + found[0][1])
    judge.run(psql, page, "tools", list(table_examples(lines)), before)
    check_names(judge, page, lines, views, functions, whole=False)
    if judge.ran - so_far < FEWEST[page]:
        judge.complain("%s: only %d examples" % (page, judge.ran - so_far))
    psql.set_up("d", order(op="reset"))


def main():
    name, options = sys.argv[1], sys.argv[2:]
    psql = Psql(name, "--verbose" in options)
    psql.set_up("s", make_server(os.environ["MILVUS_S_PORT"]))
    views, functions = catalogue(psql)
    judge = Judge(views)
    if "--cookbook" not in options:
        administration(psql, judge, views, functions)
    cookbook(psql, judge)
    check_names(judge, "cookbook.md", read_page("cookbook.md"), views, functions, whole=False)

    print("%d examples run, %d failed" % (judge.ran, judge.failed))
    sys.exit(1 if judge.failed else 0)


if __name__ == "__main__":
    main()
