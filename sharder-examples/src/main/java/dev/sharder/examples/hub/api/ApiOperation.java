package dev.sharder.examples.hub.api;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** One operation of the API; runs on a thread that may block on the store. */
interface ApiOperation {

  CompletionStage<ApiResponse> answer(ApiRequest call);

  /** Returns an operation that blocks until it is done. */
  static ApiOperation waiting(Function<ApiRequest, ApiResponse> work) {
    return call -> CompletableFuture.completedStage(work.apply(call));
  }
}
