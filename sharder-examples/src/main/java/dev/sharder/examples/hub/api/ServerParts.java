package dev.sharder.examples.hub.api;

import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * What the server depends on, for its state in the API.
 *
 * @param replica connections to the replica, if the store finds assignments on one
 * @param staleness the age up to which answers from memory are current
 */
public record ServerParts(Optional<DataSource> replica, Duration staleness) {}
