-- databases, collections and their parts; each takes a foreign table, or server => ..., collection => ...

CREATE FUNCTION milvus.create_database(server name, database text, properties jsonb DEFAULT '{}')
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateDatabase',
		jsonb_build_object('db_name', database, 'properties', properties))
$$;
COMMENT ON FUNCTION milvus.create_database(name, text, jsonb) IS 'make a database';

CREATE FUNCTION milvus.drop_database(server name, database text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropDatabase', jsonb_build_object('db_name', database))
$$;
COMMENT ON FUNCTION milvus.drop_database(name, text) IS 'drop a database, which must be empty';

CREATE FUNCTION milvus.alter_database(server name, database text, properties jsonb DEFAULT '{}', delete_keys text[] DEFAULT '{}')
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AlterDatabase',
		jsonb_build_object('db_name', database, 'properties', properties, 'delete_keys', delete_keys))
$$;
COMMENT ON FUNCTION milvus.alter_database(name, text, jsonb, text[]) IS 'set or delete properties of a database';

CREATE FUNCTION milvus.create_collection(rel regclass DEFAULT NULL, shards integer DEFAULT 1, consistency_level text DEFAULT 'Bounded',
		partitions bigint DEFAULT NULL, properties jsonb DEFAULT '{}', schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	whole jsonb := CASE WHEN rel IS NULL THEN '{}' ELSE milvus.table_schema(rel, as_new => true) END || coalesce(schema, '{}')
		|| jsonb_build_object('name', t.collection);
BEGIN
	IF coalesce(jsonb_array_length(whole->'fields'), 0) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'a collection needs fields',
			HINT = 'Name a foreign table, or give a schema, as milvus.table_schema() shows it.';
	END IF;
	PERFORM milvus.check_schema(t.server, whole);
	IF milvus.has_collection(server => t.server, collection => t.collection, database => t.database) THEN
		RAISE NOTICE 'collection "%" exists already', t.collection;
	END IF;
	PERFORM milvus.perform(t.server, 'CreateCollection', milvus.naming(t)
		|| jsonb_strip_nulls(jsonb_build_object('schema', whole, 'shards_num', shards,
			'consistency_level', consistency_level, 'num_partitions', partitions, 'properties', properties)));
END $$;
COMMENT ON FUNCTION milvus.create_collection(regclass, integer, text, bigint, jsonb, jsonb, name, text, text)
	IS 'make a collection, from a foreign table''s columns or a schema; members of schema come before the table''s';

CREATE FUNCTION milvus.drop_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropCollection', milvus.naming(t))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_collection(regclass, name, text, text) IS 'drop a collection, with its rows';

CREATE FUNCTION milvus.truncate_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'TruncateCollection', milvus.naming(t))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.truncate_collection(regclass, name, text, text)
	IS 'empty a collection by Milvus'' own means; TRUNCATE of a foreign table works with every Milvus';

CREATE FUNCTION milvus.rename_collection(rel regclass DEFAULT NULL, new_name text DEFAULT NULL, new_database text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
BEGIN
	IF new_name IS NULL AND new_database IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a new name, or a new database, is needed';
	END IF;
	PERFORM milvus.perform(t.server, 'RenameCollection', jsonb_strip_nulls(jsonb_build_object(
		'db_name', t.database, 'oldName', t.collection, 'newName', coalesce(new_name, t.collection),
		-- left out, it would be the default one
		'newDBName', coalesce(new_database, t.database))));
	IF rel IS NOT NULL THEN
		RAISE NOTICE 'foreign table "%" still means the old name', rel
			USING HINT = 'Set its option collection, and dbname if the database is another.';
	END IF;
END $$;
COMMENT ON FUNCTION milvus.rename_collection(regclass, text, text, name, text, text) IS 'give a collection another name, or move it to another database';

CREATE FUNCTION milvus.alter_collection(rel regclass DEFAULT NULL, properties jsonb DEFAULT '{}', delete_keys text[] DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollection', milvus.naming(t)
		|| jsonb_build_object('properties', properties, 'delete_keys', delete_keys))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_collection(regclass, jsonb, text[], name, text, text) IS 'set or delete properties of a collection, such as collection.ttl.seconds';

CREATE FUNCTION milvus.has_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	RETURN milvus.get(t.server, 'HasCollection', milvus.naming(t))->'value';
EXCEPTION
	-- some servers take the question for a mistake
	WHEN undefined_table THEN
		RETURN false;
END $$;
COMMENT ON FUNCTION milvus.has_collection(regclass, name, text, text) IS 'is there such a collection?';

-- fields and functions

CREATE FUNCTION milvus.add_field(rel regclass DEFAULT NULL, field text DEFAULT NULL, schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	whole jsonb := schema;
BEGIN
	IF schema IS NULL AND rel IS NOT NULL THEN
		SELECT f INTO whole FROM jsonb_array_elements(milvus.table_schema(rel, as_new => true)->'fields') AS f WHERE f->>'name' = field;
	END IF;
	IF whole IS NULL OR coalesce(field, schema->>'name') IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('there is no column for a field "%s"', field),
			HINT = 'Add the column to the foreign table first, or give the field''s schema.';
	END IF;
	whole := whole || jsonb_build_object('name', coalesce(field, schema->>'name'));
	PERFORM milvus.check_schema(t.server, jsonb_build_object('fields', jsonb_build_array(whole)));
	PERFORM milvus.perform(t.server, 'AddCollectionField', milvus.naming(t) || jsonb_build_object('schema', jsonb_strip_nulls(whole)));
END $$;
COMMENT ON FUNCTION milvus.add_field(regclass, text, jsonb, name, text, text)
	IS 'add a field to a collection, from a foreign table''s column or a schema';

CREATE FUNCTION milvus.drop_field(rel regclass DEFAULT NULL, field text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('drop_request', jsonb_build_object('field_name', field))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_field(regclass, text, name, text, text) IS 'drop a field of a collection';

CREATE FUNCTION milvus.alter_field(rel regclass DEFAULT NULL, field text DEFAULT NULL, properties jsonb DEFAULT '{}',
		delete_keys text[] DEFAULT '{}', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionField', milvus.naming(t)
		|| jsonb_build_object('field_name', field, 'properties', properties, 'delete_keys', delete_keys))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_field(regclass, text, jsonb, text[], name, text, text) IS 'set or delete properties of a field, such as max_length';

CREATE FUNCTION milvus.add_struct_field(rel regclass DEFAULT NULL, schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AddCollectionStructField', milvus.naming(t)
		|| jsonb_build_object('struct_array_field_schema', jsonb_strip_nulls(schema)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_struct_field(regclass, jsonb, name, text, text) IS 'add a field of structs to a collection';

CREATE FUNCTION milvus.add_function(rel regclass DEFAULT NULL, function jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AddCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('functionSchema', jsonb_strip_nulls(function)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_function(regclass, jsonb, name, text, text) IS 'add a function to a collection: it makes a field from others';

CREATE FUNCTION milvus.alter_function(rel regclass DEFAULT NULL, function_name text DEFAULT NULL, function jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('function_name', function_name, 'functionSchema', jsonb_strip_nulls(function)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_function(regclass, text, jsonb, name, text, text) IS 'replace a function of a collection';

CREATE FUNCTION milvus.drop_function(rel regclass DEFAULT NULL, function_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('function_name', function_name))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_function(regclass, text, name, text, text) IS 'drop a function of a collection';

CREATE FUNCTION milvus.add_function_field(rel regclass DEFAULT NULL, field jsonb DEFAULT NULL, function jsonb DEFAULT NULL,
		index_params jsonb DEFAULT '{}', backfill boolean DEFAULT false,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('add_request', jsonb_build_object(
			'field_infos', jsonb_build_array(jsonb_build_object('field_schema', jsonb_strip_nulls(field), 'extra_params', index_params)),
			'func_schema', jsonb_build_array(jsonb_strip_nulls(function)), 'do_physical_backfill', backfill))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_function_field(regclass, jsonb, jsonb, jsonb, boolean, name, text, text)
	IS 'add a function to a collection, with the field that it makes';

CREATE FUNCTION milvus.drop_function_field(rel regclass DEFAULT NULL, function_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('drop_request',
			jsonb_build_object('function_name', function_name, 'drop_function_output_fields', true))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_function_field(regclass, text, name, text, text)
	IS 'drop a function of a collection, with the field that it makes';

-- partitions

CREATE FUNCTION milvus.create_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	PERFORM milvus.perform(t.server, 'CreatePartition', milvus.naming(t)
		|| jsonb_build_object('partition_name', t.partition));
END $$;
COMMENT ON FUNCTION milvus.create_partition(regclass, text, name, text, text)
	IS 'make a partition: the one named, or the one that the foreign table stands for';

CREATE FUNCTION milvus.drop_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	PERFORM milvus.perform(t.server, 'DropPartition', milvus.naming(t)
		|| jsonb_build_object('partition_name', t.partition));
END $$;
COMMENT ON FUNCTION milvus.drop_partition(regclass, text, name, text, text) IS 'drop a partition, with its rows; it must not be loaded';

CREATE FUNCTION milvus.has_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	RETURN milvus.get(t.server, 'HasPartition', milvus.naming(t) || jsonb_build_object('partition_name', t.partition))->'value';
END $$;
COMMENT ON FUNCTION milvus.has_partition(regclass, text, name, text, text) IS 'is there such a partition?';

CREATE FUNCTION milvus.partition_target(rel regclass, partition text, server name, collection text, database text)
	RETURNS milvus.target LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	t.partition := coalesce(partition, t.partition);
	IF t.partition IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'which partition?',
			HINT = 'Name it, or a foreign table with the option partition.';
	END IF;
	RETURN t;
END $$;
COMMENT ON FUNCTION milvus.partition_target(regclass, text, name, text, text) IS 'internal: a target that is a partition';

-- aliases of collections

CREATE FUNCTION milvus.create_alias(rel regclass DEFAULT NULL, alias text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateAlias', milvus.naming(t) || jsonb_build_object('alias', alias))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_alias(regclass, text, name, text, text) IS 'give a collection a second name';

CREATE FUNCTION milvus.alter_alias(rel regclass DEFAULT NULL, alias text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterAlias', milvus.naming(t) || jsonb_build_object('alias', alias))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_alias(regclass, text, name, text, text) IS 'point an alias at another collection';

CREATE FUNCTION milvus.drop_alias(server name, alias text, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropAlias',
		jsonb_build_object('alias', alias) || jsonb_strip_nulls(jsonb_build_object('db_name', database)))
$$;
COMMENT ON FUNCTION milvus.drop_alias(name, text, text) IS 'drop an alias; the collection stays';
