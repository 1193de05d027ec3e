"""What is asked about the machinery behind the data: compaction, replicas, resource groups.

Nothing is ever merged or moved here: there is one query node, and it has all.
internal/datacoord/services.go, internal/querycoordv2/services.go and
meta/resource_manager.go.
"""

import base
from base import MilvusError, expected
from pymilvus.grpc_gen import common_pb2

NODE, ADDRESS = 1, "127.0.0.1:21123"
DEFAULT_GROUP = "__default_resource_group"


class Machinery:
    def __init__(self, keeper):
        self.keeper = keeper
        self.groups = [DEFAULT_GROUP]

    # --- compaction ---

    def compact(self, request, answer):
        """There is nothing to compact: then the number of the job is -1, and it has no plans."""
        if request.collection_name:
            self.keeper.collection(request.db_name, request.collection_name)
        answer.compactionID = -1

    def compaction_state(self, request, answer):
        """summaryCompactionState: of a number that it does not know, or knows no longer, all is done."""
        answer.state = common_pb2.Completed

    # --- replicas ---

    def replicas(self, request, answer):
        """fillReplicaInfo; of what is not loaded there are none, which is no error."""
        if request.collection_name:
            found = self.keeper.collection(request.db_name, request.collection_name)
        else:
            found = self.keeper.by_id(self.keeper.database(request.db_name), request.collectionID)
        if found.loaded is None:
            return
        replica = answer.replicas.add(replicaID=found.id + 1, collectionID=found.id, node_ids=[NODE],
                                      resource_group_name=DEFAULT_GROUP)
        for shard in found.shards:
            replica.shard_replicas.add(leaderID=NODE, leader_addr=ADDRESS, dm_channel_name=shard.name, node_ids=[NODE])

    # --- groups of nodes: none but the default one ever has any ---

    def create_group(self, request, answer):
        name = request.resource_group
        if request.config.requests.node_num or request.config.limits.node_num:
            raise base.Unimplemented("the model has no resource groups with nodes")
        if name not in self.groups:
            self.groups.append(name)

    def drop_group(self, request, answer):
        """Of a name that is none it is no error."""
        if request.resource_group == DEFAULT_GROUP:
            raise expected("not default resource group", DEFAULT_GROUP, "default resource group is not deletable")
        if request.resource_group in self.groups:
            self.groups.remove(request.resource_group)

    def list_groups(self, request, answer):
        answer.resource_groups.extend(self.groups)

    def describe_group(self, request, answer):
        name = request.resource_group
        if name not in self.groups:
            raise MilvusError(base.RESOURCE_GROUP_NOT_FOUND, "resource group not found[rg=%s]" % name)
        group = answer.resource_group
        group.name = name
        group.config.requests.node_num = group.config.limits.node_num = 0
        if name == DEFAULT_GROUP:
            # it takes all that the others don't want (meta.NewResourceGroupConfig of the default group)
            group.config.limits.node_num = 1000000
            group.num_available_node = 1
            group.nodes.add(node_id=NODE, address=ADDRESS, hostname="localhost")
            for database in self.keeper.databases.values():
                for found in database.collections.values():
                    if found.loaded is not None:
                        group.num_loaded_replica[found.name] = 1
