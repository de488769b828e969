package dev.sharder.examples.hub.proxy;

/** An answer as it came. */
record RawResponse(RawHead head, String body) {

  int status() {
    return head.status();
  }
}
