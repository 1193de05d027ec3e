"""Groups of privileges: the built-in ones, and those that users make (2.5 on).

pkg/util/constant.go says which privileges there are, of what level and on what
kind of object; internal/rootcoord/meta_table.go and root_coord.go what may be
done with groups of them.
"""

import re

import base
from base import MilvusError, invalid
from pymilvus.grpc_gen import common_pb2, milvus_pb2

MAX_NAME = 255
COLLECTION, DATABASE, CLUSTER = "Collection", "Database", "Cluster"
# privilege -> (the smallest group of its level that has it, since when)
EARLY, IMPORTS, LATE, THIRD = (2, 5, 0), (2, 6, 0), (2, 6, 3), (3, 0, 0)
LISTS = (
    (COLLECTION, "ReadOnly", EARLY, "Query Search IndexDetail GetFlushState GetLoadState GetLoadingProgress HasPartition "
                                    "ShowPartitions DescribeCollection DescribeAlias GetStatistics ListAliases"),
    (COLLECTION, "ReadOnly", IMPORTS, "GetImportProgress ListImport"),
    (COLLECTION, "ReadOnly", THIRD, "DescribeSnapshot ListSnapshots"),
    (COLLECTION, "ReadWrite", EARLY, "Load Release Insert Delete Upsert Import Flush Compaction LoadBalance CreateIndex "
                                     "DropIndex CreatePartition DropPartition"),
    (COLLECTION, "ReadWrite", IMPORTS, "AddCollectionField"),
    (COLLECTION, "ReadWrite", THIRD, "AlterCollectionSchema RefreshExternalCollection CreateSnapshot DropSnapshot"),
    (COLLECTION, "Admin", EARLY, "CreateAlias DropAlias"),
    (COLLECTION, "Admin", THIRD, "RestoreSnapshot"),
    (DATABASE, "ReadOnly", EARLY, "ShowCollections DescribeDatabase"),
    (DATABASE, "ReadWrite", EARLY, "AlterDatabase"),
    (DATABASE, "Admin", EARLY, "CreateCollection DropCollection"),
    (DATABASE, "Admin", THIRD, "RenameCollection"),
    (CLUSTER, "ReadOnly", EARLY, "ListDatabases SelectOwnership SelectUser DescribeResourceGroup ListResourceGroups "
                                 "ListPrivilegeGroups"),
    (CLUSTER, "ReadOnly", LATE, "GetReplicateConfiguration"),
    (CLUSTER, "ReadOnly", THIRD, "ListFileResources"),
    (CLUSTER, "ReadWrite", EARLY, "FlushAll TransferNode TransferReplica UpdateResourceGroups"),
    (CLUSTER, "ReadWrite", THIRD, "AddFileResource RemoveFileResource PinSnapshotData UnpinSnapshotData"),
    (CLUSTER, "Admin", EARLY, "BackupRBAC RestoreRBAC CreateDatabase DropDatabase CreateOwnership DropOwnership "
                              "ManageOwnership CreateResourceGroup DropResourceGroup UpdateUser RenameCollection "
                              "CreatePrivilegeGroup DropPrivilegeGroup OperatePrivilegeGroup"),
    (CLUSTER, "Admin", LATE, "UpdateReplicateConfiguration"),
    (CLUSTER, "Admin", THIRD, "RestoreExternalSnapshot ExportSnapshot"),
)
ORDER = ("ReadOnly", "ReadWrite", "Admin")
# the privileges that are on a collection by name; SelectUser and UpdateUser are on users, all others global
ON_COLLECTIONS = set(
    "Load Release Compaction Insert Delete Upsert GetStatistics CreateIndex IndexDetail DropIndex Search Flush Query "
    "LoadBalance Import GetLoadingProgress GetLoadState CreatePartition DropPartition ShowPartitions HasPartition "
    "GetFlushState ReadOnly ReadWrite GetImportProgress ListImport AddCollectionField AlterCollectionSchema "
    "RefreshExternalCollection CreateSnapshot DropSnapshot DescribeSnapshot RestoreSnapshot ListSnapshots "
    "PinSnapshotData UnpinSnapshotData RestoreExternalSnapshot ExportSnapshot".split())
ON_USERS = {"UpdateUser", "SelectUser"}
# what is given and taken along with another (util.RelatedPrivileges)
RELATED = {"Load": ("GetLoadState", "GetLoadingProgress"), "Flush": ("GetFlushState",)}


def object_type(privilege):
    return "Collection" if privilege in ON_COLLECTIONS else "User" if privilege in ON_USERS else "Global"


def is_defined(name):
    """IsPrivilegeNameDefined: a privilege, or a group of the server's own."""
    known = common_pb2.ObjectPrivilege.keys()
    return "Privilege" + name in known or "PrivilegeGroup" + name in known


def built_in(version):
    found = {}
    for level in (CLUSTER, DATABASE, COLLECTION):
        have = []
        for size in ORDER:
            for a_level, a_size, since, names in LISTS:
                if a_level == level and a_size == size and version >= since:
                    have += [n for n in names.split() if not (n == "RenameCollection" and level == CLUSTER
                                                              and version >= THIRD)]
            found[level + size] = list(have)
    return found


class Groups:
    def __init__(self, version):
        self.built_in = built_in(version)
        self.made = {}

    def members(self, name):
        """The privileges that a grant of this name stands for; a group in a group is not looked into."""
        if name in self.made:
            return self.made[name]
        return self.built_in.get(name, (name,))

    def level(self, privilege):
        for level in (CLUSTER, DATABASE, COLLECTION):
            if privilege in self.built_in[level + "Admin"]:
                return level
        return ""

    @staticmethod
    def check_name(name):
        """ValidatePrivilegeGroupName."""
        def wrong(text):
            return MilvusError(base.PRIVILEGE_GROUP_NAME, "invalid privilege group name[privilegeGroup=%s]" % text)
        if not name:
            raise wrong("privilege group name should not be empty")
        if len(name.encode()) > MAX_NAME:
            raise wrong("the length of a privilege group name %s must be less than %s characters")
        if not re.match(r"[A-Za-z_]", name):
            raise wrong("the first character of a privilege group name %s must be an underscore or letter")
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise invalid("privilege group name %s can only contain numbers, letters and underscores", name)

    def create(self, name):
        self.check_name(name)
        if name in self.made:
            raise invalid("privilege group name [%s] is defined by users", name)
        if is_defined(name):
            raise invalid("privilege group name [%s] is defined by built in privileges or privilege groups in system", name)
        self.made[name] = []

    def drop(self, name, grants):
        self.check_name(name)
        if name not in self.made:
            return
        for role in sorted(grant[0] for grant in grants if grant[3] == "PrivilegeGroup" + name):
            raise invalid("privilege group [%s] is used by role [%s], Use REVOKE API to revoke it first", name, role)
        del self.made[name]

    def fill(self, answer):
        for name, members in list(self.made.items()) + list(self.built_in.items()):
            group = answer.privilege_groups.add(group_name=name)
            for member in members:
                group.privileges.add(name=member)

    def operate(self, name, privileges, kind):
        self.check_name(name)
        if name not in self.made:
            raise invalid("there is no privilege group name [%s] defined in system to operate", name)
        if not privileges:
            raise invalid("privileges is empty when alter the privilege group")
        for one in privileges:
            if not is_defined(one) and one not in self.made:
                raise invalid("there is no privilege name or privilege group name [%s] defined in system to operate", one)
        have = self.made[name]
        if kind == milvus_pb2.AddPrivilegesToGroup:
            if len({self.level(one) for one in privileges + have}) > 1:
                raise invalid("privileges are not the same privilege level")
            have.extend(one for one in privileges if one not in have)
        else:
            self.made[name] = [one for one in have if one not in privileges]

    def check_place(self, name, database, collection):
        """validatePrivilegeGroupParams: where a group of that level may be granted."""
        members = self.members(name)
        if members == (name,) or not members:
            return
        level = self.level(members[0])
        if not level:
            raise invalid("not found the privilege level")
        if level == CLUSTER and (database != "*" or collection != "*"):
            raise invalid("dbName and collectionName should be * for the cluster level privilege: %s", name)
        if level == DATABASE and collection not in ("", "*"):
            raise invalid("collectionName should be * for the database level privilege: %s", name)
        if level == COLLECTION and database == "*" and collection not in ("", "*"):
            raise invalid("please specify database name for the collection level privilege: %s", name)
