package dev.sharder.examples.hub.proxy.hubs;

/** What the latest checks of a hub say. */
enum HubState {
  /** It was not checked yet. Requests go there, but no new users. */
  UNKNOWN,
  /** It answers. */
  UP,
  /**
   * It can be reached, but answers with an error or not in time. Requests still go there: the hub's
   * own proxy may serve notebooks while the hub itself restarts.
   */
  FAILING,
  /** It cannot be reached. */
  DOWN
}
