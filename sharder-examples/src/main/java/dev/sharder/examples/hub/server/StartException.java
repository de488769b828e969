package dev.sharder.examples.hub.server;

import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;

/** Something outside the program keeps it from starting; the message names it and the cure. */
public final class StartException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public StartException(String message) {
    super(message);
  }

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Returns the reason why a server cannot listen.
   *
   * @param address such as {@code 127.0.0.1:8888}
   * @param options what sets it, such as {@code --listen}
   */
  public static StartException ofListening(String address, String options, Throwable failure) {
    return new StartException(
        "cannot listen on %s: %s; %s with %s"
            .formatted(address, HubDatabase.rootMessage(failure), listeningCure(failure), options),
        failure);
  }

  private static String listeningCure(Throwable failure) {
    Throwable root = OpeningCure.causes(failure).reduce(failure, (link, cause) -> cause);
    String message = String.valueOf(root.getMessage());
    if (root instanceof UnknownHostException || root instanceof UnresolvedAddressException) {
      return "there is no such host; choose another";
    }
    if (message.contains("ermission denied")) {
      return "let this program use ports below 1024, or choose one from 1024";
    }
    return message.contains("assign requested address")
        ? "no network interface of this machine has this address; choose 0.0.0.0 or one that it has"
        : "stop the program that uses the port, or choose another";
  }
}
