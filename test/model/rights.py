"""Users, roles and what they may: only where authorization is switched on.

internal/proxy/authentication_interceptor.go and privilege_interceptor.go: both
deny with gRPC's own codes.  What a request needs is an option of its message
(privilege_ext_obj), so it is read from the declarations.  Names are taken
literally up to 2.6.10; later an alias stands for its collection
(proxy.resolveAliasForPrivilege, which is on by default).
"""

import base64
import fnmatch
import re

import base
from base import invalid, plain
from pymilvus.grpc_gen import common_pb2, milvus_pb2

EXTENSION = common_pb2.privilege_ext_obj
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
        self.roles = {"admin": {"root"}, "public": set()}
        self.grants = set(PUBLIC)

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
        if kind == "Collection" and self.keeper.version >= (2, 6, 11):
            aliases = self.keeper.database(database).aliases
            names = [aliases.get(name, name) for name in names]
        if kind == "User" and names == [user]:
            return
        for role in self.roles_of(user):
            if names and all(self.permits(role, kind, name, privilege, database) for name in names):
                return
        raise Denied("PERMISSION_DENIED", "%s: permission deny to %s in the `%s` database" % (privilege, user, database))

    @staticmethod
    def named(request, index):
        """GetObjectName: the field with that number; -1 is every object."""
        if index < 0:
            return "*"
        return getattr(request, type(request).DESCRIPTOR.fields_by_number[index].name)

    def roles_of(self, user):
        return [role for role, members in self.roles.items() if user in members] + ["public"]

    def permits(self, role, kind, name, privilege, database):
        if role == "admin":
            return True
        for owner, a_kind, a_name, a_privilege, a_database in self.grants:
            if (owner == role and a_kind == kind and fnmatch.fnmatchcase(name, a_name)
                    and a_privilege in (privilege, "PrivilegeAll", "*") and a_database in (database, "*")):
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
        if entity.role.name not in self.roles:
            raise plain("not found the role, maybe the role isn't existed")
        self.change(request.type, entity.role.name, entity.object.name, entity.object_name,
                    entity.grantor.privilege.name, entity.db_name or "default")

    def operate_privilege_v2(self, request, answer):
        name = request.grantor.privilege.name
        if request.role.name not in self.roles:
            raise plain("not found the role, maybe the role isn't existed")
        known = "Privilege" + name in common_pb2.ObjectPrivilege.keys()
        if not known:
            raise base.Unimplemented("the model has no privilege group %s" % name)
        for kind in ("Collection", "Global"):
            self.change(request.type, request.role.name, kind, request.collection_name, name,
                        request.db_name or "default")

    def change(self, kind, role, object_type, name, privilege, database):
        if privilege != "*" and "Privilege" + privilege not in common_pb2.ObjectPrivilege.keys():
            raise plain("not found the privilege name[%s]" % privilege)
        grant = (role, object_type, name, privilege if privilege == "*" else "Privilege" + privilege, database)
        (self.grants.add if kind == milvus_pb2.Grant else self.grants.discard)(grant)
