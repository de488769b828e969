package dev.sharder.examples.api;

import io.undertow.util.StatusCodes;

/**
 * What a request gets.
 *
 * @param status 200 or 201
 * @param type the media type of the content
 * @param content what Jackson writes as JSON; or bytes, sent as they are
 */
record Reply(int status, String type, Object content) {

  static Reply ok(Object content) {
    return of(StatusCodes.OK, content);
  }

  static Reply of(int status, Object content) {
    return new Reply(status, "application/json", content);
  }
}
