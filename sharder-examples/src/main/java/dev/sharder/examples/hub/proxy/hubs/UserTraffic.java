package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.examples.hub.proxy.Traffic;
import dev.sharder.examples.hub.proxy.Tunnel;

/**
 * What becomes of one user's requests to their hub.
 *
 * @param hub the hub, which is checked sooner after a failure
 * @param counts the counts of that hub
 * @param webSockets the open websockets of all users
 */
record UserTraffic(Hub hub, HubTraffic counts, String user, UserWebSockets webSockets)
    implements Traffic {

  @Override
  public void answered(int status) {
    counts.answered(status);
  }

  @Override
  public void failed(String reason) {
    counts.failed();
    hub.suspect();
  }

  @Override
  public void opened(Tunnel webSocket) {
    counts.opened();
    webSockets.opened(user, hub.name(), webSocket);
  }

  @Override
  public void closed(Tunnel webSocket) {
    counts.closed();
    webSockets.closed(user, webSocket);
  }
}
