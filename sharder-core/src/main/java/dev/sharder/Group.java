package dev.sharder;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Group commit: answers callers in rounds. Whoever comes while a round runs waits for the next one,
 * which the first of those waiting leads on its own thread. Alone, a caller leads at once.
 *
 * <p>Source: group commit, D. J. DeWitt et al., "Implementation techniques for main memory database
 * systems", 1984; leading by one of the waiting, "flat combining", D. Hendler et al., 2010.
 *
 * @param <A> what a caller is answered
 */
final class Group<A> {

  /**
   * The most callers in one round: enough to spread the cost of a commit, few enough to be quick.
   */
  private static final int LARGEST = 1_024;

  /** Answers many objects at once: the function gives each its answer, or throws its error. */
  interface Round<A> {
    Function<String, A> run(List<String> objects, Deadline deadline);
  }

  /** A caller and its place in the queue. */
  private static final class Ticket<A> {
    final String object;
    final Deadline deadline;
    final @Nullable Thread caller;
    final CompletableFuture<A> answer = new CompletableFuture<>();
    volatile boolean leads;

    Ticket(String object, Deadline deadline, @Nullable Thread caller) {
      this.object = object;
      this.deadline = deadline;
      this.caller = caller;
    }
  }

  private final String what;
  private final Round<A> round;
  private final Executor executor;

  // Guarded by the monitor, as is every write to a ticket's leads.
  private final Deque<Ticket<A>> waiting = new ArrayDeque<>();
  private boolean led;
  private boolean closed;

  /** Names whom it serves, for errors; the executor leads where no caller's thread waits. */
  Group(String what, Round<A> round, Executor executor) {
    this.what = what;
    this.round = round;
    this.executor = executor;
  }

  /** Waits for the answer until the deadline. */
  A ask(String object, Deadline deadline) {
    Ticket<A> ticket = new Ticket<>(object, deadline, Thread.currentThread());
    enter(ticket);
    while (true) {
      if (ticket.leads) {
        lead(ticket);
      } else if (ticket.answer.isDone()) {
        return answer(ticket);
      } else if (Thread.currentThread().isInterrupted()) {
        leave(ticket);
        throw new StoreException(
            "interrupted while waiting for the answer for '" + object + "'; ask again", null);
      } else if (deadline.hasPassed()) {
        leave(ticket);
        throw tooLate(ticket);
      } else {
        LockSupport.parkNanos(this, deadline.remaining().toNanos());
      }
    }
  }

  /** Returns at once; the answer comes on the thread that leads. */
  CompletableFuture<A> askLater(String object, Deadline deadline) {
    Ticket<A> ticket = new Ticket<>(object, deadline, null);
    lead(enter(ticket) ? wake(ticket) : null);
    return ticket
        .answer
        .copy()
        .orTimeout(deadline.remaining().toNanos() + 1, TimeUnit.NANOSECONDS)
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(tell(ticket, failure)));
  }

  /** Refuses those who wait and whoever comes later. */
  void refuse() {
    List<Ticket<A>> refused;
    synchronized (this) {
      closed = true;
      refused = List.copyOf(waiting);
      waiting.clear();
      for (Ticket<A> ticket : refused) {
        if (ticket.leads) {
          // Appointed, and not begun: nobody runs a round.
          ticket.leads = false;
          led = false;
          notifyAll();
        }
      }
    }
    for (Ticket<A> ticket : refused) {
      complete(ticket, () -> ticket.answer.completeExceptionally(new ClosedException(what)));
    }
  }

  /** Returns once no round runs. */
  synchronized void awaitIdle() throws InterruptedException {
    while (led) {
      wait();
    }
  }

  /** Joins the queue, and tells whether that made the ticket the leader. */
  private synchronized boolean enter(Ticket<A> ticket) {
    if (closed) {
      throw new ClosedException(what);
    }
    waiting.add(ticket);
    if (led) {
      return false;
    }
    led = true;
    ticket.leads = true;
    return true;
  }

  private void leave(Ticket<A> ticket) {
    ticket.answer.cancel(false);
    Ticket<A> next = null;
    synchronized (this) {
      waiting.remove(ticket);
      if (ticket.leads) {
        ticket.leads = false;
        next = next();
      }
    }
    lead(wake(next));
  }

  /** Runs a round, and those after it for which no other thread can be had. */
  private void lead(@Nullable Ticket<A> leader) {
    Ticket<A> next = leader;
    while (next != null) {
      next = leadOnce(next);
    }
  }

  private @Nullable Ticket<A> leadOnce(Ticket<A> leader) {
    List<Ticket<A>> group = take(leader);
    if (group.isEmpty()) {
      return null;
    }
    List<String> objects = group.stream().map(ticket -> ticket.object).distinct().toList();
    Function<String, A> answers;
    try {
      answers = round.run(objects, leader.deadline);
    } catch (RuntimeException | Error failure) {
      return fail(group, leader, failure);
    }
    // The next round starts before the answers of this one are handed out.
    Ticket<A> next = wake(next());
    for (Ticket<A> ticket : group) {
      complete(ticket, () -> settle(ticket, answers));
    }
    return next;
  }

  /** Empty if the ticket leads no longer: it was refused, gave up, or another thread ran it. */
  private synchronized List<Ticket<A>> take(Ticket<A> leader) {
    List<Ticket<A>> group = new ArrayList<>(Math.min(waiting.size(), LARGEST));
    while (leader.leads && !waiting.isEmpty() && group.size() < LARGEST) {
      group.add(waiting.poll());
    }
    leader.leads = false;
    return group;
  }

  private static <A> void settle(Ticket<A> ticket, Function<String, A> answers) {
    try {
      ticket.answer.complete(answers.apply(ticket.object));
    } catch (RuntimeException | Error failure) {
      ticket.answer.completeExceptionally(failure);
    }
  }

  /** The leader's own time limit or interruption is nobody else's: the others go round again. */
  private @Nullable Ticket<A> fail(List<Ticket<A>> group, Ticket<A> leader, Throwable failure) {
    boolean leadersOwn =
        failure instanceof TimeLimitException || Thread.currentThread().isInterrupted();
    Ticket<A> next;
    synchronized (this) {
      for (int i = group.size() - 1; leadersOwn && !closed && i >= 0; i--) {
        Ticket<A> ticket = group.get(i);
        if (ticket != leader && !ticket.deadline.hasPassed()) {
          group.remove(i);
          waiting.addFirst(ticket);
        }
      }
      next = next();
    }
    Ticket<A> left = wake(next);
    for (Ticket<A> ticket : group) {
      complete(ticket, () -> ticket.answer.completeExceptionally(failure));
    }
    return left;
  }

  /** Makes the first of those waiting the leader; without any, nobody leads. */
  private synchronized @Nullable Ticket<A> next() {
    Ticket<A> next = waiting.peek();
    if (next == null) {
      led = false;
      notifyAll();
    } else {
      next.leads = true;
    }
    return next;
  }

  /** Has the leader run by its caller or by the executor; returns it if neither can be had. */
  private @Nullable Ticket<A> wake(@Nullable Ticket<A> leader) {
    if (leader == null) {
      return null;
    }
    if (leader.caller != null) {
      LockSupport.unpark(leader.caller);
      return null;
    }
    try {
      executor.execute(() -> lead(leader));
      return null;
    } catch (RuntimeException | Error refusal) {
      // Shut down, or out of threads. Somebody has to lead, or nobody would be answered again.
      return leader;
    }
  }

  private static <A> void complete(Ticket<A> ticket, Runnable completion) {
    completion.run();
    if (ticket.caller != null && ticket.caller != Thread.currentThread()) {
      LockSupport.unpark(ticket.caller);
    }
  }

  private static <A> TimeLimitException tooLate(Ticket<A> ticket) {
    return new TimeLimitException(
        ticket.deadline.limit(),
        "'%s' still waits for its turn; ask again, or allow more time".formatted(ticket.object),
        null);
  }

  private Throwable tell(Ticket<A> ticket, Throwable failure) {
    if (failure instanceof TimeoutException) {
      leave(ticket);
      return tooLate(ticket);
    }
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private static <A> A answer(Ticket<A> ticket) {
    try {
      return ticket.answer.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof RuntimeException own) {
        throw own;
      }
      if (failure.getCause() instanceof Error own) {
        throw own;
      }
      throw failure;
    }
  }
}
