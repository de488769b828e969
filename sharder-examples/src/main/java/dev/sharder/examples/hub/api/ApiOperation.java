package dev.sharder.examples.hub.api;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Does one thing that a client may ask for; begins on a thread that may wait for the store. */
interface ApiOperation {

  CompletionStage<ApiResponse> answer(ApiRequest call);

  /** Returns one that waits until it is done. */
  static ApiOperation waiting(Function<ApiRequest, ApiResponse> work) {
    return call -> CompletableFuture.completedStage(work.apply(call));
  }
}
