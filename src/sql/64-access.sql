-- users, roles, privileges, row policies; passwords are what Milvus wants: base64, which hides nothing

CREATE FUNCTION milvus.base64(value text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN translate(encode(convert_to(value, 'UTF8'), 'base64'), E'\n', '');
COMMENT ON FUNCTION milvus.base64(text) IS 'internal: a text as bytes of a request';

CREATE FUNCTION milvus.create_user(server name, user_name text, password text, description text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateCredential', jsonb_build_object(
		'username', user_name, 'password', milvus.base64(password)) || jsonb_strip_nulls(jsonb_build_object('description', description)))
$$;
COMMENT ON FUNCTION milvus.create_user(name, text, text, text) IS 'make a user of Milvus';

CREATE FUNCTION milvus.update_password(server name, user_name text, old_password text, new_password text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateCredential', jsonb_build_object(
		'username', user_name, 'oldPassword', milvus.base64(old_password), 'newPassword', milvus.base64(new_password)))
$$;
COMMENT ON FUNCTION milvus.update_password(name, text, text, text) IS 'change the password of a user of Milvus';

CREATE FUNCTION milvus.alter_user(server name, user_name text, description text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateCredential',
		jsonb_build_object('username', user_name, 'description', description))
$$;
COMMENT ON FUNCTION milvus.alter_user(name, text, text) IS 'describe a user of Milvus';

CREATE FUNCTION milvus.drop_user(server name, user_name text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DeleteCredential', jsonb_build_object('username', user_name))
$$;
COMMENT ON FUNCTION milvus.drop_user(name, text) IS 'drop a user of Milvus';

CREATE FUNCTION milvus.create_role(server name, role text, description text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateRole', jsonb_build_object(
		'entity', jsonb_build_object('name', role) || jsonb_strip_nulls(jsonb_build_object('description', description))))
$$;
COMMENT ON FUNCTION milvus.create_role(name, text, text) IS 'make a role';

CREATE FUNCTION milvus.alter_role(server name, role text, description text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AlterRole', jsonb_build_object('role_name', role, 'description', description))
$$;
COMMENT ON FUNCTION milvus.alter_role(name, text, text) IS 'describe a role';

CREATE FUNCTION milvus.drop_role(server name, role text, force boolean DEFAULT false)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropRole', jsonb_build_object('role_name', role, 'force_drop', force))
$$;
COMMENT ON FUNCTION milvus.drop_role(name, text, boolean) IS 'drop a role; force: with its privileges, where the server can';

CREATE FUNCTION milvus.grant_role(server name, user_name text, role text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperateUserRole', jsonb_build_object(
		'username', user_name, 'role_name', role, 'type', 'AddUserToRole'))
$$;
COMMENT ON FUNCTION milvus.grant_role(name, text, text) IS 'give a role to a user';

CREATE FUNCTION milvus.revoke_role(server name, user_name text, role text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperateUserRole', jsonb_build_object(
		'username', user_name, 'role_name', role, 'type', 'RemoveUserFromRole'))
$$;
COMMENT ON FUNCTION milvus.revoke_role(name, text, text) IS 'take a role from a user';

-- Milvus 2.5 and later know privileges by name alone; the first way, by the type of an object, works with all
CREATE FUNCTION milvus.operate_privilege(server name, operation text, role text, privilege text,
		object_type text, object_name text, database text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	grantor jsonb := jsonb_build_object('privilege', jsonb_build_object('name', privilege));
	place text := coalesce(operate_privilege.database, (SELECT s.database FROM milvus.servers s WHERE s.server = operate_privilege.server));
BEGIN
	IF object_type IS NULL THEN
		BEGIN
			PERFORM milvus.perform(server, 'OperatePrivilegeV2', jsonb_build_object(
				'role', jsonb_build_object('name', role), 'grantor', grantor, 'type', operation,
				'db_name', place, 'collection_name', object_name));
			RETURN;
		EXCEPTION
			WHEN feature_not_supported THEN
				NULL;
		END;
	END IF;
	PERFORM milvus.perform(server, 'OperatePrivilege', jsonb_build_object('type', operation,
		'entity', jsonb_build_object('role', jsonb_build_object('name', role), 'grantor', grantor,
			'object', jsonb_build_object('name', coalesce(object_type, 'Collection')), 'object_name', object_name, 'db_name', place)));
END $$;
COMMENT ON FUNCTION milvus.operate_privilege(name, text, text, text, text, text, text) IS 'internal: grant or revoke';

CREATE FUNCTION milvus.grant_privilege(server name, role text, privilege text, object_name text DEFAULT '*',
		object_type text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	-- by 'OperatePrivilegeV2' or 'OperatePrivilege'
	SELECT milvus.operate_privilege(server, 'Grant', role, privilege, object_type, object_name, database)
$$;
COMMENT ON FUNCTION milvus.grant_privilege(name, text, text, text, text, text)
	IS 'give a privilege to a role, on a collection or all (''*'') of a database or all (''*''); object_type (Global, Collection, User) is for Milvus before 2.5';

CREATE FUNCTION milvus.revoke_privilege(server name, role text, privilege text, object_name text DEFAULT '*',
		object_type text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	-- by 'OperatePrivilegeV2' or 'OperatePrivilege'
	SELECT milvus.operate_privilege(server, 'Revoke', role, privilege, object_type, object_name, database)
$$;
COMMENT ON FUNCTION milvus.revoke_privilege(name, text, text, text, text, text) IS 'take a privilege from a role';

CREATE FUNCTION milvus.create_privilege_group(server name, privilege_group text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreatePrivilegeGroup', jsonb_build_object('group_name', privilege_group))
$$;
COMMENT ON FUNCTION milvus.create_privilege_group(name, text) IS 'make a group of privileges';

CREATE FUNCTION milvus.drop_privilege_group(server name, privilege_group text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropPrivilegeGroup', jsonb_build_object('group_name', privilege_group))
$$;
COMMENT ON FUNCTION milvus.drop_privilege_group(name, text) IS 'drop a group of privileges';

CREATE FUNCTION milvus.add_privileges_to_group(server name, privilege_group text, privileges text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperatePrivilegeGroup', jsonb_build_object(
		'group_name', privilege_group, 'type', 'AddPrivilegesToGroup',
		'privileges', (SELECT jsonb_agg(jsonb_build_object('name', p)) FROM unnest(privileges) AS p)))
$$;
COMMENT ON FUNCTION milvus.add_privileges_to_group(name, text, text[]) IS 'put privileges into a group';

CREATE FUNCTION milvus.remove_privileges_from_group(server name, privilege_group text, privileges text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperatePrivilegeGroup', jsonb_build_object(
		'group_name', privilege_group, 'type', 'RemovePrivilegesFromGroup',
		'privileges', (SELECT jsonb_agg(jsonb_build_object('name', p)) FROM unnest(privileges) AS p)))
$$;
COMMENT ON FUNCTION milvus.remove_privileges_from_group(name, text, text[]) IS 'take privileges out of a group';

CREATE FUNCTION milvus.backup_rbac(server name)
	RETURNS jsonb LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'BackupRBAC', '{}')->'RBAC_meta'
$$;
COMMENT ON FUNCTION milvus.backup_rbac(name) IS 'all users (with digests of their passwords), roles and privileges, for milvus.restore_rbac()';

CREATE FUNCTION milvus.restore_rbac(server name, backup jsonb)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'RestoreRBAC', jsonb_build_object('RBAC_meta', jsonb_strip_nulls(backup)))
$$;
COMMENT ON FUNCTION milvus.restore_rbac(name, jsonb) IS 'make the users, roles and privileges of a backup';

CREATE FUNCTION milvus.add_user_tags(server name, user_name text, tags jsonb)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AddUserTags', jsonb_build_object('user_name', user_name, 'tags', tags))
$$;
COMMENT ON FUNCTION milvus.add_user_tags(name, text, jsonb) IS 'give tags to a user, for row policies';

CREATE FUNCTION milvus.delete_user_tags(server name, user_name text, tags text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DeleteUserTags', jsonb_build_object('user_name', user_name, 'tag_keys', tags))
$$;
COMMENT ON FUNCTION milvus.delete_user_tags(name, text, text[]) IS 'take tags from a user';

CREATE FUNCTION milvus.users_with_tag(server name, tag text, value text)
	RETURNS SETOF text LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT jsonb_array_elements_text(milvus.get(server, 'ListUsersWithTag',
		jsonb_build_object('tag_key', tag, 'tag_value', value))->'user_names')
$$;
COMMENT ON FUNCTION milvus.users_with_tag(name, text, text) IS 'the users that have a tag';

CREATE FUNCTION milvus.create_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL, actions text[] DEFAULT '{Query,Search}',
		roles text[] DEFAULT '{}', using_expr text DEFAULT '', check_expr text DEFAULT '', restrictive boolean DEFAULT NULL,
		description text DEFAULT '', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateRowPolicy', milvus.naming(t) || jsonb_build_object(
		'policy_name', policy, 'actions', actions, 'roles', roles, 'using_expr', using_expr, 'check_expr', check_expr, 'description', description)
		|| jsonb_strip_nulls(jsonb_build_object('policy_type',
			CASE WHEN restrictive THEN 'RowPolicyTypeRestrictive' WHEN NOT restrictive THEN 'RowPolicyTypePermissive' END)))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_row_policy(regclass, text, text[], text[], text, text, boolean, text, name, text, text)
	IS 'limit which rows roles can see (using_expr) and write (check_expr), in Milvus'' filter language';

CREATE FUNCTION milvus.alter_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL, actions text[] DEFAULT '{Query,Search}',
		roles text[] DEFAULT '{}', using_expr text DEFAULT '', check_expr text DEFAULT '', restrictive boolean DEFAULT false,
		description text DEFAULT '', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'UpdateRowPolicy', milvus.naming(t) || jsonb_build_object(
		'policy_name', policy, 'actions', actions, 'roles', roles, 'using_expr', using_expr, 'check_expr', check_expr,
		'policy_type', CASE WHEN restrictive THEN 'RowPolicyTypeRestrictive' ELSE 'RowPolicyTypePermissive' END,
		'description', description))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_row_policy(regclass, text, text[], text[], text, text, boolean, text, name, text, text)
	IS 'replace a row policy';

CREATE FUNCTION milvus.drop_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropRowPolicy', milvus.naming(t) || jsonb_build_object('policy_name', policy))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_row_policy(regclass, text, name, text, text) IS 'drop a row policy';

CREATE FUNCTION milvus.set_principal_tags(rel regclass DEFAULT NULL, principal text DEFAULT NULL, tags jsonb DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'SetRLSPrincipalTags', milvus.naming(t)
		|| jsonb_build_object('principal_name', principal, 'tags', tags))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.set_principal_tags(regclass, text, jsonb, name, text, text) IS 'set the tags of a principal of row policies';

CREATE FUNCTION milvus.delete_principal_tags(rel regclass DEFAULT NULL, principal text DEFAULT NULL, tags text[] DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DeleteRLSPrincipalTags', milvus.naming(t)
		|| jsonb_build_object('principal_name', principal, 'tag_keys', tags))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.delete_principal_tags(regclass, text, text[], name, text, text) IS 'take tags from a principal of row policies';
