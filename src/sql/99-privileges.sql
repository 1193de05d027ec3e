-- what changes something is for those who are granted it, and so is what is not known here to change nothing

GRANT SELECT ON ALL TABLES IN SCHEMA milvus TO PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA milvus FROM PUBLIC;

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace
		AND (p.provolatile <> 'v' OR p.proname IN (
			-- it looks at the rights itself
			'perform', 'operate_privilege',
			-- a session's own connections, and its own time
			'list_connections', 'disconnect', 'disconnect_all', 'pause', 'wait_for_index', 'wait_for_load', 'wait_for_flush_all', 'wait_for_compaction', 'wait_for_import',
			'wait_for_restore', 'wait_for_refresh',
			-- it reads a foreign table, whose owner says who may
			'search'))
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', f);
	END LOOP;
END $$;
