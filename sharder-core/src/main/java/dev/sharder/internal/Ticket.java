package dev.sharder.internal;

import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A request to a {@link GroupCommit}, its place in the queues, and its answer. */
final class Ticket<Q, A> {

  final Q request;
  final Deadline deadline;

  /** The index of its last stage, exclusive. */
  final int end;

  /** The thread that waits for the answer; null if none does. */
  final @Nullable Thread caller;

  final CompletableFuture<Optional<A>> answer = new CompletableFuture<>();

  // After it has entered, written under the group's monitor.
  int stage;

  /** Whether it leads a round that has not started yet. */
  volatile boolean leads;

  /** Whether its caller's thread runs that round, for this request only. */
  volatile boolean leadsItself;

  /** Why the latest round failed that should have answered it. */
  volatile @Nullable Throwable lastFailure;

  Ticket(Q request, Deadline deadline, int first, int end, @Nullable Thread caller) {
    this.request = request;
    this.deadline = deadline;
    this.stage = first;
    this.end = end;
    this.caller = caller;
  }

  /** Returns whether the round has no answer for it, and another stage may have one. */
  boolean continues(Function<Q, Optional<A>> answers) {
    try {
      return stage + 1 < end && answers.apply(request).isEmpty();
    } catch (Throwable ownFailure) {
      return false;
    }
  }

  /** Takes its answer, or its failure, from those of a round. */
  void settle(Function<Q, Optional<A>> answers) {
    try {
      answer.complete(answers.apply(request));
    } catch (Throwable failure) {
      answer.completeExceptionally(failure);
    }
  }

  /** Returns the answer, or throws the failure; it has one of them. */
  Optional<A> result() {
    try {
      return answer.join();
    } catch (CompletionException failure) {
      Throwable cause = failure.getCause();
      if (cause instanceof RuntimeException own) {
        throw own;
      }
      if (cause instanceof Error own) {
        throw own;
      }
      throw new StoreException(
          "the store threw %s, which its methods do not declare; report this to its author"
              .formatted(cause),
          cause);
    }
  }

  TimeLimitException tooLate() {
    Throwable failure = lastFailure;
    return new TimeLimitException(
        deadline.limit(),
        "'%s' is still waiting for its turn; try again, or allow more time%s"
            .formatted(
                request,
                failure == null
                    ? ""
                    : " (an earlier round failed: %s)".formatted(FailureText.of(failure))),
        failure);
  }

  /** Callers that wait come first, because completing a future may run code of the application. */
  static <Q, A> void complete(List<Ticket<Q, A>> tickets, Consumer<Ticket<Q, A>> completion) {
    for (Ticket<Q, A> ticket : tickets) {
      if (ticket.caller != null) {
        completion.accept(ticket);
        if (ticket.caller != Thread.currentThread()) {
          LockSupport.unpark(ticket.caller);
        }
      }
    }
    tickets.stream().filter(ticket -> ticket.caller == null).forEach(completion);
  }
}
