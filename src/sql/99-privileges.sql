-- what changes something is executed by way of C functions that may be granted one by one; the rest is for everybody

DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS signature, p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
			pg_get_function_result(p.oid) AS result, obj_description(p.oid, 'pg_proc') AS comment
		FROM pg_proc p
		WHERE p.pronamespace = 'milvus'::regnamespace AND p.proname <> 'operate_privilege'
			AND p.prosrc ~ 'milvus\.(perform|operate_privilege)\('
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET SCHEMA milvus_internal', f.signature);
		EXECUTE format('CREATE FUNCTION milvus.%I(%s) RETURNS %s LANGUAGE c VOLATILE PARALLEL UNSAFE AS ''MODULE_PATHNAME'', ''milvus_forward''',
			f.name, f.arguments, f.result);
		EXECUTE format('REVOKE ALL ON FUNCTION milvus.%I FROM PUBLIC', f.name);
		EXECUTE format('COMMENT ON FUNCTION milvus.%I IS %L', f.name, f.comment);
	END LOOP;

	-- names in bodies mean what they mean here; those without a text are bound already
	FOR f IN SELECT p.oid::regprocedure AS signature
		FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace)
			AND (l.lanname = 'plpgsql' OR l.lanname = 'sql' AND p.prosqlbody IS NULL)
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', f.signature);
	END LOOP;
END $$;

REVOKE ALL ON FUNCTION milvus.call FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA milvus TO PUBLIC;
