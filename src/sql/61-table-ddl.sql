-- a foreign table like a local one

CREATE FUNCTION milvus.table_ddl(rel regclass, server name, name text DEFAULT NULL, collection text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	can jsonb := (SELECT jsonb_object_agg(flag, value) FROM milvus.dialect_flags(server));
	foreign_name text := coalesce(name, (SELECT relname FROM pg_class WHERE oid = rel) || '_milvus');
	key smallint := (SELECT conkey[1] FROM pg_constraint WHERE conrelid = rel AND contype = 'p' AND cardinality(conkey) = 1);
	columns text[] := '{}';
	notes text[] := '{}';
	values_ text[] := '{}';
	c record;
	type text;
	note text;
BEGIN
	FOR c IN SELECT a.attname, a.attnum, a.attnotnull OR a.attnum = key AS required, format_type(a.atttypid, a.atttypmod) AS declared,
			CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS plain,
			coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text AS base, coalesce(e.typname, '') AS element
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A'
		WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LOOP
		type := CASE
			WHEN c.attnum = key AND c.base IN ('smallint', 'integer', 'bigint') THEN 'bigint'
			WHEN c.base IN ('boolean', 'smallint', 'integer', 'bigint', 'real', 'double precision', 'text', 'jsonb') THEN c.declared
			WHEN c.base = 'character varying' OR c.base ~ '(^|\.)(vector|halfvec|sparsevec)$' THEN c.declared
			WHEN c.base = 'bit' THEN c.declared
			WHEN c.base = 'timestamp with time zone' AND (can->>'timestamptz_fields')::boolean AND c.attnum IS DISTINCT FROM key THEN c.declared
			WHEN c.element IN ('bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'text', 'varchar') THEN c.declared
			WHEN c.base = 'numeric' THEN 'double precision'
			WHEN c.base IN ('json', 'hstore') THEN 'jsonb'
			WHEN c.element = 'numeric' THEN 'double precision[]'
			WHEN c.element <> '' THEN 'text[]'
			WHEN c.base = 'uuid' THEN 'varchar(36)'
			WHEN c.base = 'character' THEN 'varchar' || substr(c.plain, length('character') + 1)
			ELSE 'text' END;
		IF c.attnum = key AND type NOT IN ('bigint', 'text') AND type !~ '^(varchar|character varying)' THEN
			type := 'text';
		END IF;
		note := concat_ws('; ', CASE WHEN type <> c.declared THEN 'was ' || c.declared END,
			CASE WHEN NOT c.required AND NOT (can->>'nullable_fields')::boolean THEN 'no NULL in this Milvus' END);
		columns := columns || format('%I %s%s%s', c.attname, type, CASE WHEN c.attnum = key THEN ' OPTIONS (primary_key ''true'')' END,
			CASE WHEN c.required OR NOT (can->>'nullable_fields')::boolean THEN ' NOT NULL' END);
		notes := notes || note;
		values_ := values_ || CASE WHEN type = c.declared THEN format('%I', c.attname)
			-- whatever DateStyle is
			WHEN type = 'text' AND c.base ~ '^(date|time)' THEN format('to_json(%I) #>> ''{}''', c.attname)
			WHEN type = 'jsonb' THEN format('to_jsonb(%I)', c.attname) ELSE format('%I::%s', c.attname, type) END;
	END LOOP;
	IF columns = '{}' THEN
		RAISE undefined_column USING MESSAGE = format('"%s" has no columns', rel);
	END IF;
	RETURN format(E'CREATE FOREIGN TABLE %1$I (\n%2$s\n) SERVER %3$I OPTIONS (collection %4$L);\n%5$s-- INSERT INTO %8$s SELECT %6$s FROM %7$s;', foreign_name,
		(SELECT string_agg(E'\t' || columns[i] || CASE WHEN i < cardinality(columns) THEN ',' ELSE '' END || coalesce(' -- ' || regexp_replace(nullif(notes[i], ''), '[\r\n]+', ' ', 'g'), ''), E'\n' ORDER BY i)
			FROM generate_subscripts(columns, 1) i),
		server, coalesce(collection, (SELECT relname FROM pg_class WHERE oid = rel)),
		CASE WHEN key IS NULL THEN E'-- without a primary key of one column here, the first column is it: its values must be unique\n' ELSE '' END,
		regexp_replace(array_to_string(values_, ', '), '[\r\n]+', ' ', 'g'), regexp_replace(rel::text, '[\r\n]+', ' ', 'g'),
		-- nothing may leave the comment that it is in
		regexp_replace(format('%I', foreign_name), '[\r\n]+', ' ', 'g'));
END $$;
COMMENT ON FUNCTION milvus.table_ddl(regclass, name, text, text) IS 'the CREATE FOREIGN TABLE for a local table: what Milvus has no type for becomes another, and comments say so';
