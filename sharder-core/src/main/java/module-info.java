/** Assigns each object to a bin once and remembers it permanently. */
module dev.sharder {
  requires static transitive micrometer.core;
  requires static transitive org.jspecify;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;

  exports dev.sharder;
  exports dev.sharder.admin;
  exports dev.sharder.metrics;
  exports dev.sharder.store;
}
