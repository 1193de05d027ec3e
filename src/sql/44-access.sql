-- who may do what, as Milvus knows it

CREATE VIEW milvus.users AS
SELECT s.server, u.entry->'user'->>'name' AS user_name,
	ARRAY(SELECT r->>'name' FROM jsonb_array_elements(u.entry->'roles') AS r ORDER BY 1) AS roles,
	u.entry->>'description' AS description
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectUser', '{"include_role_info": true}')->'results') AS u(entry);
COMMENT ON VIEW milvus.users IS 'the users of all servers, and their roles';

CREATE VIEW milvus.roles AS
SELECT s.server, r.entry->'role'->>'name' AS role, r.entry->'role'->>'description' AS description,
	ARRAY(SELECT u->>'name' FROM jsonb_array_elements(r.entry->'users') AS u ORDER BY 1) AS members
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectRole', '{"include_user_info": true}')->'results') AS r(entry);
COMMENT ON VIEW milvus.roles IS 'the roles of all servers, and their members';

CREATE VIEW milvus.role_members AS
SELECT r.server, r.role, m.user_name
FROM milvus.roles r CROSS JOIN LATERAL unnest(r.members) AS m(user_name);
COMMENT ON VIEW milvus.role_members IS 'which user has which role';

-- each database tells its own, and those of all
CREATE VIEW milvus.grants AS
SELECT DISTINCT r.server, r.role,
	g.entry->'object'->>'name' AS object_type,
	nullif(g.entry->>'db_name', '') AS database,
	g.entry->>'object_name' AS object_name,
	g.entry->'grantor'->'privilege'->>'name' AS privilege,
	g.entry->'grantor'->'user'->>'name' AS grantor
FROM milvus.roles r
JOIN (SELECT d.server, d.database FROM milvus.databases d OFFSET 0) d ON d.server = r.server
CROSS JOIN LATERAL milvus.elements(milvus.get_of(r.server, 'SelectGrant', jsonb_build_object('entity', jsonb_build_object(
	'role', jsonb_build_object('name', r.role), 'db_name', d.database)))->'entities') AS g(entry);
COMMENT ON VIEW milvus.grants IS 'the privileges of all roles';

CREATE VIEW milvus.privilege_groups AS
SELECT s.server, g.entry->>'group_name' AS privilege_group,
	ARRAY(SELECT p->>'name' FROM jsonb_array_elements(g.entry->'privileges') AS p ORDER BY 1) AS privileges
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListPrivilegeGroups')->'privilege_groups') AS g(entry);
COMMENT ON VIEW milvus.privilege_groups IS 'privileges that can be granted together';

CREATE VIEW milvus.user_tags AS
SELECT u.server, u.user_name, milvus.get_of(u.server, 'GetUserTags', jsonb_build_object('user_name', u.user_name))->'tags' AS tags
FROM (SELECT s.server, n.user_name FROM milvus.usable_servers s
	CROSS JOIN LATERAL milvus.element_texts(milvus.get(s.server, 'ListCredUsers')->'usernames') AS n(user_name)) u;
COMMENT ON VIEW milvus.user_tags IS 'the tags of users, which row policies can refer to';

CREATE VIEW milvus.row_policies AS
SELECT n.server, n.database, n.collection,
	p.policy->>'policy_name' AS policy,
	nullif(replace(p.policy->>'policy_type', 'RowPolicyType', ''), 'Unknown') AS type,
	milvus.texts(p.policy->'actions') AS actions,
	milvus.texts(p.policy->'roles') AS roles,
	p.policy->>'using_expr' AS using_expr,
	p.policy->>'check_expr' AS check_expr,
	p.policy->>'description' AS description
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'ListRowPolicies',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'policies') AS p(policy);
COMMENT ON VIEW milvus.row_policies IS 'which rows of a collection which roles can see and write';

CREATE VIEW milvus.principals AS
SELECT n.server, n.database, n.collection, p.principal,
	milvus.get_of(n.server, 'GetRLSPrincipalTags',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'principal_name', p.principal))->'tags' AS tags
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.element_texts(milvus.get_of(n.server, 'ListRLSPrincipals',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'principal_names') AS p(principal);
COMMENT ON VIEW milvus.principals IS 'principals of row policies, and their tags';
