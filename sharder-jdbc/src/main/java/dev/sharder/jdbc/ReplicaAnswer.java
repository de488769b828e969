package dev.sharder.jdbc;

import dev.sharder.Assignment;
import java.util.Map;

/**
 * The answer of a primary or a replica, read in one snapshot.
 *
 * @param fromReplica whether the server is a replica
 * @param database an id that a primary shares with the replicas that follow it, and no others
 * @param revision the revision of the kind on that server
 * @param assignments the assignments found, by object
 */
record ReplicaAnswer(
    boolean fromReplica, String database, long revision, Map<String, Assignment> assignments) {}
