/**
 * Assigns each object to a bin once and remembers it permanently.
 *
 * <p>Only {@link dev.sharder.metrics} needs the module {@code micrometer.core}. A program that uses
 * it requires that module itself.
 */
module dev.sharder {
  requires static transitive org.jspecify;
  // Not transitive: javac would then demand it of every program that requires this module.
  requires static micrometer.core;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;

  exports dev.sharder;
  exports dev.sharder.admin;
  exports dev.sharder.metrics;
  exports dev.sharder.store;
}
