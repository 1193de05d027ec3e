"""Users, roles and what they may: only where authorization is switched on.

internal/proxy/authentication_interceptor.go and privilege_interceptor.go: both
deny with gRPC's own codes.  What a request needs is an option of its message
(privilege_ext_obj), so it is read from the declarations.  Names are taken
literally up to 2.6.11; later an alias stands for its collection, in calls and
in what is given (proxy.resolveAliasForPrivilege, which is on by default).
"""

import base64
import fnmatch
import re

import base
import groups
from base import invalid, plain
from pymilvus.grpc_gen import common_pb2, milvus_pb2

EXTENSION = common_pb2.privilege_ext_obj
GROUP = "PrivilegeGroup"
RESOLVES = (2, 6, 12)       # e836a446bb
# what everybody may (rootcoord's initPublicRolePrivilege)
PUBLIC = {("public", "Global", "*", "PrivilegeDescribeCollection", "*"),
          ("public", "Global", "*", "PrivilegeListAliases", "*"),
          ("public", "Collection", "*", "PrivilegeIndexDetail", "*")}


class Denied(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Rights:
    def __init__(self, keeper, enabled):
        self.keeper = keeper
        self.enabled = enabled
        self.users = {"root": "Milvus"}
        self.roles = {"admin": set(), "public": set()}      # root may everything, and has no role (initRbac)
        self.grants = set(PUBLIC)   # (role, kind of object, its name, Privilege… or PrivilegeGroup…, database)
        self.groups = groups.Groups(keeper.version)
        keeper.renamed.append(self.renamed)

    # --- every call ---

    def check(self, request, metadata):
        if not self.enabled or isinstance(request, milvus_pb2.ConnectRequest):
            return
        headers = dict(metadata)
        if "authorization" not in headers:
            raise Denied("UNAUTHENTICATED", "missing authorization in header")
        try:
            raw = base64.b64decode(headers["authorization"]).decode()
        except ValueError:
            raise Denied("UNAUTHENTICATED", "invalid token format")
        user, colon, password = raw.partition(":")
        if not colon:
            raise Denied("UNAUTHENTICATED", "auth check failure, please check api key is correct")
        if self.users.get(user) != password or not password:
            raise Denied("UNAUTHENTICATED", "auth check failure, please check username and password are correct")
        options = type(request).DESCRIPTOR.GetOptions()
        if user != "root" and options.HasExtension(EXTENSION):
            self.check_privilege(user, request, options.Extensions[EXTENSION], headers)

    def check_privilege(self, user, request, wanted, headers):
        kind = common_pb2.ObjectType.Name(wanted.object_type)
        privilege = common_pb2.ObjectPrivilege.Name(wanted.object_privilege)
        database = getattr(request, "db_name", "") or headers.get("dbname") or "default"
        names = []
        if wanted.object_name_index:
            names = [self.named(request, wanted.object_name_index)]
        if wanted.object_name_indexs:
            names = list(self.named(request, wanted.object_name_indexs))
        if kind == "Collection" and self.keeper.version >= RESOLVES:
            aliases = self.keeper.database(database).aliases
            names = [aliases.get(name, name) for name in names]
        if kind == "User" and names == [user]:
            return
        if isinstance(request, milvus_pb2.SelectGrantRequest) and request.entity.role.name in self.roles_of(user):
            return
        for role in self.roles_of(user):
            if names and all(self.permits(role, kind, name, privilege, database) for name in names):
                return
        raise Denied("PERMISSION_DENIED", "%s: permission deny to %s in the `%s` database" % (privilege, user, database))

    @staticmethod
    def named(request, index):
        """GetObjectName: the field with that number, of a message its first one; -1 is every object."""
        if index < 0:
            return "*"
        found = getattr(request, type(request).DESCRIPTOR.fields_by_number[index].name)
        if hasattr(found, "DESCRIPTOR"):
            return getattr(found, type(found).DESCRIPTOR.fields_by_number[1].name) or "*"
        return found

    def roles_of(self, user):
        return [role for role, members in self.roles.items() if user in members] + ["public"]

    def permits(self, role, kind, name, privilege, database):
        if role == "admin":
            return True
        for owner, a_kind, a_name, a_privilege, a_database in self.grants:
            if owner != role or a_database not in (database, "*"):
                continue
            if a_privilege.startswith(GROUP):
                # expandPrivilegeGroups: one grant for each, of all objects where the privilege is on none by name
                short = privilege[len("Privilege"):]
                if short not in self.groups.members(a_privilege[len(GROUP):]):
                    continue
                a_kind, a_privilege = groups.object_type(short), privilege
                a_name = "*" if a_kind == "Global" else a_name
            if a_kind == kind and fnmatch.fnmatchcase(name, a_name) and a_privilege in (privilege, "PrivilegeAll", "*"):
                return True
        return False

    # --- giving and taking ---

    def check_user_name(self, name):
        """ValidateUsername."""
        name = name.strip()
        if not name:
            raise invalid("username must be not empty")
        if len(name.encode()) > 32:
            raise invalid("invalid username %s with length %d, the length of username must be less than 32", name, len(name))
        if not re.match("[A-Za-z]", name):
            raise invalid("invalid user name %s, the first character must be a letter, but got %s", name, name[0])
        more = self.keeper.version >= (2, 6, 0)
        if not re.fullmatch(r"[A-Za-z0-9_.-]+" if more else r"[A-Za-z0-9_]+", name):
            raise invalid("invalid user name %s, username must contain only numbers, letters%s", name,
                          ", underscores, dots, and hyphens" if more else " and underscores")

    @staticmethod
    def check_password(word):
        """ValidatePassword; of proxy.minPasswordLength the default."""
        if not 6 <= len(word) <= 72:
            raise base.MilvusError(base.PARAMETER_INVALID, "invalid password length: invalid parameter[%d out of range 6 <= value"
                                                           " <= 72]" % len(word))

    def create_user(self, request, answer):
        self.check_user_name(request.username)
        self.check_password(base64.b64decode(request.password).decode())
        if request.username in self.users:
            raise plain("user already exists: %s", request.username)
        self.users[request.username] = base64.b64decode(request.password).decode()

    def update_user(self, request, answer):
        self.check_password(base64.b64decode(request.newPassword).decode())
        if self.users.get(request.username) != base64.b64decode(request.oldPassword).decode():
            raise base.MilvusError(base.NOT_AUTHENTICATED, "old password not correct for %s: not authenticated"
                                   % request.username)
        self.users[request.username] = base64.b64decode(request.newPassword).decode()

    def delete_user(self, request, answer):
        if request.username == "root":
            raise base.MilvusError(base.NOT_AUTHENTICATED, "root user cannot be deleted: not authenticated")
        self.users.pop(request.username, None)
        for members in self.roles.values():
            members.discard(request.username)

    def list_users(self, request, answer):
        answer.usernames.extend(self.users)

    def create_role(self, request, answer):
        name = request.entity.name
        if name in self.roles:
            raise plain("role [name:\"%s\"] already exists" % name)
        self.roles[name] = set()

    def drop_role(self, request, answer):
        name = request.role_name
        if name in ("admin", "public"):
            raise base.wrapped(base.NOT_PERMITTED, "the role[%s] is a default role, which can't be dropped" % name)
        if name not in self.roles:
            raise plain("not found the role, maybe the role isn't existed")
        if any(grant[0] == name for grant in self.grants) and not request.force_drop:
            raise plain("fail to drop the role that it has privileges. "
                                                    "Use REVOKE API to revoke privileges")
        del self.roles[name]
        self.grants = {grant for grant in self.grants if grant[0] != name}

    def operate_user_role(self, request, answer):
        if request.role_name not in self.roles or request.username not in self.users:
            raise plain("not found the role or the user, maybe they aren't existed")
        members = self.roles[request.role_name]
        (members.add if request.type == milvus_pb2.AddUserToRole else members.discard)(request.username)

    def operate_privilege(self, request, answer):
        entity = request.entity
        name = entity.grantor.privilege.name
        if entity.role.name not in self.roles:
            raise plain("not found the role, maybe the role isn't existed")
        if name in self.groups.made or name in self.groups.built_in:
            raise invalid("can not operate the %s privilege group [%s]",
                          "custom" if name in self.groups.made else "built-in", name)
        target = "*" if entity.object.name == "Global" else entity.object_name
        if entity.object.name == "Collection":
            target = self.resolved(entity.db_name, target)
        self.change(request.type, entity.role.name, entity.object.name, target, name, entity.db_name or "default")

    def resolved(self, database, name):
        """What is given on an alias is given on its collection."""
        if self.keeper.version < RESOLVES or name in ("", "*") or database == "*":
            return name
        return self.keeper.database(database).aliases.get(name, name)

    def renamed(self, database, name, other_database, other):
        """What was given on a collection goes with it, or goes along (DeleteGrantByCollectionName and its neighbour)."""
        if self.keeper.version < RESOLVES:
            return
        for grant in [g for g in self.grants if g[1] == "Collection" and g[2] == name and g[4] == database]:
            self.grants.discard(grant)
            if other is not None:
                self.grants.add((grant[0], grant[1], other, grant[3], other_database))

    def operate_privilege_v2(self, request, answer):
        name = request.grantor.privilege.name
        if request.role.name not in self.roles:
            raise plain("not found the role, maybe the role isn't existed")
        collection = self.resolved(request.db_name, request.collection_name)
        self.groups.check_place(name, request.db_name, collection)
        self.change(request.type, request.role.name, groups.object_type(name), collection, name,
                    request.db_name or "default")

    def change(self, kind, role, object_type, name, privilege, database):
        if privilege in self.groups.made or privilege in self.groups.built_in:
            stored = [GROUP + privilege]
        elif privilege == "*":
            stored = ["*"]
        elif "Privilege" + privilege in common_pb2.ObjectPrivilege.keys():
            stored = ["Privilege" + one for one in (privilege,) + groups.RELATED.get(privilege, ())]
        elif GROUP + privilege in common_pb2.ObjectPrivilege.keys():
            raise base.Unimplemented("the model has no privilege group %s" % privilege)
        else:
            raise plain("not found the privilege name[%s]" % privilege)
        for one in stored:
            grant = (role, object_type, name, one, database)
            (self.grants.add if kind == milvus_pb2.Grant else self.grants.discard)(grant)

    # --- looking ---

    def select_role(self, request, answer):
        """Of a name that is none the answer is empty, as everywhere here."""
        for name, members in self.roles.items():
            if request.HasField("role") and request.role.name != name:
                continue
            found = answer.results.add()
            found.role.name = name
            if request.include_user_info:
                for user in sorted(members):
                    found.users.add(name=user)

    def select_user(self, request, answer):
        for name in self.users:
            if request.HasField("user") and request.user.name != name:
                continue
            found = answer.results.add()
            found.user.name = name
            if request.include_role_info:
                for role in sorted(role for role, members in self.roles.items() if name in members):
                    found.roles.add(name=role)

    def select_grant(self, request, answer):
        """ListGrant; of a database other than the grant's only those on "*"."""
        wanted = request.entity
        if wanted.role.name not in self.roles:
            raise plain('the role "%s" does not exist', wanted.role.name)
        database = wanted.db_name or "default"
        one = wanted.object.name and wanted.object_name
        for role, kind, name, privilege, where in sorted(self.grants):
            if role != wanted.role.name or where != database and "*" not in (where, database):
                continue
            if one and (kind, name) != (wanted.object.name, wanted.object_name):
                continue
            found = answer.entities.add(object_name=name, db_name=where)
            found.role.name, found.object.name = role, kind
            found.grantor.user.name = "root"
            found.grantor.privilege.name = self.short(privilege)

    @staticmethod
    def short(privilege):
        """PrivilegeNameForAPI."""
        for word in (GROUP, "Privilege"):
            if privilege.startswith(word):
                return privilege[len(word):]
        return privilege

    # --- groups of privileges ---

    def create_group(self, request, answer):
        self.groups.create(request.group_name)

    def drop_group(self, request, answer):
        self.groups.drop(request.group_name, self.grants)

    def list_groups(self, request, answer):
        self.groups.fill(answer)

    def operate_group(self, request, answer):
        self.groups.operate(request.group_name, [one.name for one in request.privileges], request.type)
