package dev.sharder.examples.hub.proxy;

import java.util.concurrent.CompletionStage;

/** Decides where a request goes. Thread-safe. */
public interface Router {

  /**
   * Decides where a request goes. It is called on an I/O thread, so it never blocks; a stage that
   * is complete already costs least.
   *
   * @return a stage that completes on any thread; if it fails, the client gets a 503
   */
  CompletionStage<Decision> route(RequestHead request);
}
