package dev.sharder.jdbc;

import dev.sharder.Assignment;
import java.util.Map;

/**
 * What a primary or a replica answered, read in one snapshot.
 *
 * @param fromReplica whether the server is a replica
 * @param database the same for a primary and for the replicas that follow it, and no others
 * @param revision the kind's revision that the server has
 * @param assignments those of the objects that are assigned
 */
record ReplicaAnswer(
    boolean fromReplica, String database, long revision, Map<String, Assignment> assignments) {}
