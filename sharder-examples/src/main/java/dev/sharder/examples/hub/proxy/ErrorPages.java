package dev.sharder.examples.hub.proxy;

import java.util.concurrent.CompletionStage;

/** The pages that the proxy answers with when no target does. Thread-safe. */
public interface ErrorPages {

  /**
   * Returns the page of an error. It is called on an I/O thread, so it never blocks.
   *
   * @param status the status of the answer, such as 404 or 503
   * @param reason a sentence about the error
   * @param uri what was asked for, as Latin-1 characters
   * @return a stage that completes on any thread, usually with the same status; if it fails, a
   *     plain page takes its place
   */
  CompletionStage<Decision.Answer> page(int status, String reason, String uri);
}
