/** Gives every object a bin, once, and remembers it for ever. */
module dev.sharder {
  requires static transitive micrometer.core;
  requires static transitive org.jspecify;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;

  exports dev.sharder;
  exports dev.sharder.metrics;
}
