package dev.sharder.examples.hub.api;

import io.undertow.util.StatusCodes;

/**
 * The answer to a request.
 *
 * @param status 200 or 201
 * @param type the media type of the content
 * @param content an object that Jackson writes as JSON, or bytes that are sent unchanged
 */
record ApiResponse(int status, String type, Object content) {

  static ApiResponse ok(Object content) {
    return of(StatusCodes.OK, content);
  }

  static ApiResponse of(int status, Object content) {
    return new ApiResponse(status, "application/json", content);
  }
}
