package dev.sharder.examples.hub.proxy.chp;

/**
 * How routes apply to requests.
 *
 * @param byHost whether the first segment of a route is the host that was asked for
 * @param keepsPrefix whether the target sees the path of the route in front
 * @param keepsTargetPath whether the target sees the path of its own address in front
 */
public record Routing(boolean byHost, boolean keepsPrefix, boolean keepsTargetPath) {

  /** What is used where nothing else is said. */
  public static final Routing DEFAULT = new Routing(false, true, true);
}
