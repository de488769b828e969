package dev.sharder.admin;

/**
 * Something in the data that breaks a promise.
 *
 * @param promise which: {@code counters}, {@code bins}, {@code objects}, {@code groups}, {@code
 *     states} or {@code changes}
 * @param subject the name of the bin, object or group
 * @param detail what is wrong, in a line
 */
public record Finding(String promise, String subject, String detail) {}
