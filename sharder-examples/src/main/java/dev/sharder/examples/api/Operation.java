package dev.sharder.examples.api;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Does one thing that a client may ask for; begins on a thread that may wait for the store. */
interface Operation {

  CompletionStage<Reply> answer(Call call);

  /** Returns one that waits until it is done. */
  static Operation waiting(Function<Call, Reply> work) {
    return call -> CompletableFuture.completedStage(work.apply(call));
  }
}
