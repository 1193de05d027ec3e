-- all that the extension has, with comments and privileges, a line each
SELECT 'function', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)), obj_description(p.oid, 'pg_proc'), p.proacl
	FROM pg_proc p WHERE pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace) AND prokind = 'f' ORDER BY p.oid::regprocedure::text;
SELECT 'view', c.oid::regclass, md5(pg_get_viewdef(c.oid)), obj_description(c.oid, 'pg_class'), c.relacl,
		(SELECT string_agg(attname || coalesce(': ' || col_description(c.oid, attnum), ''), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
	FROM pg_class c WHERE relnamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace) AND relkind = 'v' ORDER BY c.oid::regclass::text;
SELECT 'type', t.oid::regtype, (SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND attnum > 0)
	FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE c.relkind = 'c' AND t.typnamespace = 'milvus'::regnamespace ORDER BY t.oid::regtype::text;
SELECT 'operator', o.oid::regoperator, o.oprcode, o.oprcom::regoperator, obj_description(o.oid, 'pg_operator') FROM pg_operator o WHERE oprnamespace = 'milvus'::regnamespace ORDER BY o.oid::regoperator::text;
SELECT 'schema', nspname, nspacl, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname LIKE 'milvus%' ORDER BY nspname;
