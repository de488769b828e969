package dev.sharder.internal;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Group commit: answers callers in rounds. Callers that arrive while a round runs wait for the next
 * one, which answers all of them. A single caller runs its own round immediately, on its own
 * thread. All other rounds run on separate threads, so that a problem of one caller's thread, such
 * as a small stack or an interruption, never affects another caller. Thread-safe.
 *
 * <p>There may be several stages, each with its own rounds, which run at the same time. A request
 * that one stage does not answer continues with the next, without waking up its caller in between.
 * A request may start with a later stage.
 *
 * <p>Source: group commit, D. J. DeWitt et al., "Implementation techniques for main memory database
 * systems", 1984; rounds led by one of the waiting callers, "flat combining", D. Hendler et al.,
 * 2010.
 *
 * @param <Q> the type of requests; errors show their {@code toString()}
 * @param <A> the type of answers
 */
public final class GroupCommit<Q, A> {

  /**
   * Answers many requests at once; their keys are distinct. The returned function returns the
   * answer to a request, or empty if this stage has none, or throws the exception for it.
   *
   * @param <Q> the type of requests
   * @param <A> the type of answers
   */
  public interface Round<Q, A> {
    Function<Q, Optional<A>> run(List<Q> requests, Deadline deadline);
  }

  /** Daemon threads that end when idle, for rounds and for other work that may block. */
  public static final Executor LEADERS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-leader");
            thread.setDaemon(true);
            return thread;
          });

  /** The stack depth that is needed to hand over the lead. */
  private static final int FRAMES_NEEDED = 256;

  private final String what;
  private final Function<Q, ?> key;
  private final List<Stage<Q, A>> stages;
  private final Executor executor;

  // Guarded by the monitor.
  private boolean closed;

  /**
   * Creates a group.
   *
   * @param what what the group serves, for errors, such as {@code the sharder of kind 'hub'}
   * @param key returns the key of a request; requests that share a key but are not equal are never
   *     in the same round, and equal ones are passed to it once
   * @param rounds answers requests, one for each stage
   * @param executor runs rounds that are led by an asynchronous caller, unless threads wait for
   *     them
   */
  public GroupCommit(String what, Function<Q, ?> key, List<Round<Q, A>> rounds, Executor executor) {
    this.what = what;
    this.key = key;
    this.stages = rounds.stream().map(Stage::new).toList();
    this.executor = executor;
  }

  /**
   * Returns the answer to a request; blocks until the deadline at the latest.
   *
   * @param request the request
   * @param deadline when to give up
   * @param first the index of the first stage, inclusive
   * @param end the index of the last stage, exclusive
   * @return the answer; empty if none of the stages has one
   * @throws TimeLimitException if the deadline passed
   * @throws StoreException if the thread was interrupted
   * @throws ClosedException if this group was closed
   */
  public Optional<A> call(Q request, Deadline deadline, int first, int end) {
    probe(FRAMES_NEEDED);
    Ticket<Q, A> ticket = new Ticket<>(request, deadline, first, end, Thread.currentThread());
    try {
      enter(List.of(ticket)).forEach(leader -> wake(leader).forEach(this::lead));
      return await(ticket);
    } catch (Error failure) {
      try {
        leave(ticket);
      } finally {
        if (ticket.leadsItself) {
          wake(successor(ticket, stages.get(ticket.stage))).forEach(this::lead);
        }
      }
      throw failure;
    }
  }

  /** Fails if the caller's stack is nearly full, before others depend on its thread. */
  private static int probe(int depth) {
    return depth == 0 ? 0 : 1 + probe(depth - 1);
  }

  private Optional<A> await(Ticket<Q, A> ticket) {
    while (true) {
      if (ticket.leads && ticket.leadsItself) {
        lead(ticket);
      } else if (ticket.answer.isDone()) {
        return ticket.result();
      } else if (Thread.currentThread().isInterrupted()) {
        leave(ticket);
        throw new StoreException(
            "interrupted while waiting for the answer for '" + ticket.request + "'; try again",
            null);
      } else if (ticket.deadline.hasPassed()) {
        leave(ticket);
        throw ticket.tooLate();
      } else {
        LockSupport.parkNanos(this, ticket.deadline.remaining().toNanos());
      }
    }
  }

  /**
   * Returns who is to lead the stage instead, wherever in a round the leader's thread failed; null
   * if no one has to.
   */
  private synchronized @Nullable Ticket<Q, A> successor(Ticket<Q, A> leader, Stage<Q, A> stage) {
    return stage.leader == leader ? next(stage) : null;
  }

  /**
   * Does what {@link #call} does without blocking; the thread of the round completes the future.
   *
   * @throws ClosedException to the caller, if this group was closed
   */
  public CompletableFuture<Optional<A>> callAsync(
      Q request, Deadline deadline, int first, int end) {
    return callAsync(List.of(request), deadline, first, end).get(0);
  }

  /**
   * Calls with many requests without blocking; they enter together and are served in order.
   *
   * @throws ClosedException to the caller, if this group was closed
   */
  public List<CompletableFuture<Optional<A>>> callAsync(
      List<Q> requests, Deadline deadline, int first, int end) {
    probe(FRAMES_NEEDED);
    List<Ticket<Q, A>> tickets = new ArrayList<>(requests.size());
    requests.forEach(request -> tickets.add(new Ticket<>(request, deadline, first, end, null)));
    try {
      List<Ticket<Q, A>> leaders = enter(tickets);
      // Before the executor is asked, which might not return.
      endAt(deadline, tickets);
      leaders.forEach(leader -> wake(leader).forEach(this::lead));
      return tickets.stream().map(ticket -> ticket.answer).toList();
    } catch (Error failure) {
      tickets.forEach(this::leave);
      throw failure;
    }
  }

  /** Has the tickets give up at the deadline, with one timer, because there may be many. */
  private void endAt(Deadline deadline, List<Ticket<Q, A>> tickets) {
    CompletableFuture<?>[] answers =
        tickets.stream().map(ticket -> ticket.answer).toArray(CompletableFuture<?>[]::new);
    CompletableFuture<Void> all =
        CompletableFuture.allOf(answers)
            .orTimeout(deadline.remaining().toNanos() + 1, TimeUnit.NANOSECONDS);
    var unused =
        all.whenComplete(
            (none, failure) -> {
              if (failure instanceof TimeoutException) {
                giveUp(tickets);
              }
            });
  }

  private void giveUp(List<Ticket<Q, A>> tickets) {
    Runnable work = () -> tickets.forEach(this::giveUp);
    try {
      // This is the thread that ends the time limits of everyone in this JVM.
      LEADERS.execute(work);
    } catch (RuntimeException | Error noThread) {
      work.run();
    }
  }

  private void giveUp(Ticket<Q, A> ticket) {
    if (ticket.answer.isDone()) {
      return;
    }
    try {
      ticket.answer.completeExceptionally(ticket.tooLate());
    } catch (Error noMemory) {
      // Leaving cancels it; and the others are to give up, too.
    } finally {
      leave(ticket);
    }
  }

  /** Rejects waiting and later callers with a {@link ClosedException}. */
  public void refuse() {
    List<Ticket<Q, A>> refused = new ArrayList<>();
    synchronized (this) {
      closed = true;
      for (Stage<Q, A> stage : stages) {
        refused.addAll(stage.waiting);
        stage.waiting.clear();
      }
      for (Ticket<Q, A> ticket : refused) {
        if (ticket.leads) {
          // It leads a round that has not started, so no round runs.
          ticket.leads = false;
          stages.get(ticket.stage).leader = null;
          notifyAll();
        }
      }
    }
    refuse(refused);
  }

  private void refuse(List<Ticket<Q, A>> refused) {
    Ticket.complete(
        refused, ticket -> ticket.answer.completeExceptionally(new ClosedException(what)));
  }

  /** Waits until no round runs; returns false if the deadline passes first. */
  public synchronized boolean awaitIdle(Deadline deadline) throws InterruptedException {
    while (stages.stream().anyMatch(stage -> stage.leader != null)) {
      if (deadline.hasPassed()) {
        return false;
      }
      wait(deadline.remaining().toMillis() + 1);
    }
    return true;
  }

  /** Adds the tickets to their queue in order, and returns the leader to wake, if any. */
  private synchronized List<Ticket<Q, A>> enter(List<Ticket<Q, A>> tickets) {
    if (closed) {
      throw new ClosedException(what);
    }
    return tickets.stream()
        .map(ticket -> stages.get(ticket.stage).join(ticket))
        .filter(Objects::nonNull)
        .toList();
  }

  private void leave(Ticket<Q, A> ticket) {
    Ticket<Q, A> next = null;
    try {
      synchronized (this) {
        Stage<Q, A> stage = stages.get(ticket.stage);
        stage.countGone();
        if (ticket.leads) {
          stage.waiting.remove(ticket);
          ticket.leads = false;
          next = next(stage);
        }
        // Last, because it needs memory.
        ticket.answer.cancel(false);
      }
    } finally {
      // Not on the application's executor: this may be the thread that ends all time limits, and
      // must not wait for it.
      if (next != null && !submit(next, LEADERS)) {
        lead(next);
      }
    }
  }

  /** Runs a round, and those after it for which no other thread is available. */
  private void lead(Ticket<Q, A> first) {
    Deque<Ticket<Q, A>> leaders = new ArrayDeque<>(List.of(first));
    Error error = null;
    while (!leaders.isEmpty()) {
      Ticket<Q, A> leader = leaders.remove();
      Stage<Q, A> stage = stages.get(leader.stage);
      try {
        leaders.addAll(leadOnce(leader, stage));
      } catch (Error noMemoryOrStack) {
        // Its group may get no answers, but later callers do.
        error = noMemoryOrStack;
        leaders.addAll(wake(successor(leader, stage)));
      }
    }
    if (error != null) {
      throw error;
    }
  }

  private List<Ticket<Q, A>> leadOnce(Ticket<Q, A> leader, Stage<Q, A> stage) {
    List<Ticket<Q, A>> group = take(leader, stage);
    if (group.isEmpty()) {
      return List.of();
    }
    Function<Q, Optional<A>> answers;
    long begun = System.nanoTime();
    try {
      answers = stage.round.run(requests(group, stage), Stage.deadline(group));
      stage.roundTime = System.nanoTime() - begun;
    } catch (Throwable failure) {
      // Also one that is checked, which other JVM languages throw without declaring it: whatever
      // the round does, some thread has to lead the next one.
      return fail(group, stage, leader, failure);
    }
    List<Ticket<Q, A>> onward = new ArrayList<>();
    List<Ticket<Q, A>> answered = new ArrayList<>();
    for (Ticket<Q, A> ticket : group) {
      (ticket.continues(answers) ? onward : answered).add(ticket);
    }
    // Tickets that continue join the next stage before the next round of this one, so that later
    // ones cannot overtake them. The next rounds start before the answers of this one are
    // delivered.
    Ticket<Q, A> further = advance(onward);
    List<Ticket<Q, A>> left = new ArrayList<>(wake(next(stage)));
    boolean hasTime = answered.isEmpty() && !leader.leadsItself;
    left.addAll(further != null && hasTime ? List.of(further) : wake(further));
    Ticket.complete(answered, ticket -> ticket.settle(answers));
    return left;
  }

  /** Returns empty if the ticket no longer leads: it was refused, gave up, or was run elsewhere. */
  private synchronized List<Ticket<Q, A>> take(Ticket<Q, A> leader, Stage<Q, A> stage) {
    // It may lead the next stage by now, as another thread ran its round here.
    return leader.leads && stages.get(leader.stage) == stage ? stage.take(leader) : List.of();
  }

  /**
   * Returns the requests of a round, and puts back those that share a key with another one: as the
   * answers may differ, they wait for the next round.
   */
  private List<Q> requests(List<Ticket<Q, A>> group, Stage<Q, A> stage) {
    Map<Object, Q> requests = new LinkedHashMap<>();
    Set<Ticket<Q, A>> others = new LinkedHashSet<>();
    for (Ticket<Q, A> ticket : group) {
      Q first = requests.putIfAbsent(key.apply(ticket.request), ticket.request);
      if (first != null && !first.equals(ticket.request)) {
        others.add(ticket);
      }
    }
    if (!others.isEmpty()) {
      group.removeAll(others);
      putBack(List.copyOf(others), stage);
    }
    return List.copyOf(requests.values());
  }

  /** Makes tickets wait again, before all others, unless their callers have given up. */
  private void putBack(List<Ticket<Q, A>> tickets, Stage<Q, A> stage) {
    List<Ticket<Q, A>> refused = new ArrayList<>();
    synchronized (this) {
      for (int i = tickets.size() - 1; i >= 0; i--) {
        Ticket<Q, A> ticket = tickets.get(i);
        if (closed) {
          refused.add(ticket);
        } else {
          stage.putBack(ticket);
        }
      }
    }
    refuse(refused);
  }

  /** Moves tickets to their next stage, and returns the leader to wake, if any. */
  private @Nullable Ticket<Q, A> advance(List<Ticket<Q, A>> onward) {
    Ticket<Q, A> leader = null;
    List<Ticket<Q, A>> refused = List.of();
    synchronized (this) {
      if (closed) {
        refused = onward;
      } else {
        for (Ticket<Q, A> ticket : onward) {
          if (!ticket.answer.isDone()) {
            ticket.stage++;
            Ticket<Q, A> woken = stages.get(ticket.stage).join(ticket);
            leader = woken == null ? leader : woken;
          }
        }
      }
    }
    refuse(refused);
    return leader;
  }

  /**
   * A problem of the leader's own thread or deadline fails only the leader; the others wait again.
   */
  private List<Ticket<Q, A>> fail(
      List<Ticket<Q, A>> group, Stage<Q, A> stage, Ticket<Q, A> leader, Throwable failure) {
    boolean leadersOwn =
        failure instanceof TimeLimitException
            || failure instanceof Error
            || Thread.currentThread().isInterrupted();
    List<Ticket<Q, A>> again = new ArrayList<>();
    List<Ticket<Q, A>> failed = new ArrayList<>();
    for (Ticket<Q, A> ticket : group) {
      boolean waits = leadersOwn && ticket != leader && !ticket.deadline.hasPassed();
      (waits ? again : failed).add(ticket);
    }
    again.forEach(ticket -> ticket.lastFailure = failure);
    putBack(again, stage);
    List<Ticket<Q, A>> left = wake(next(stage));
    Ticket.complete(failed, ticket -> ticket.answer.completeExceptionally(failure));
    return left;
  }

  /** Makes the first waiting ticket the stage's leader; if there is none, the stage is idle. */
  private synchronized @Nullable Ticket<Q, A> next(Stage<Q, A> stage) {
    Ticket<Q, A> next = stage.next();
    if (next == null) {
      notifyAll();
    }
    return next;
  }

  /** Runs the leader's round on another thread; returns the leader if no thread is available. */
  private List<Ticket<Q, A>> wake(@Nullable Ticket<Q, A> leader) {
    if (leader == null || leader.leadsItself) {
      return List.of();
    }
    // Only asynchronous callers depend on the application's executor: all its threads may be
    // waiting. If it is shut down or full, the round must not block the thread that submits it.
    boolean isSubmitted =
        (!isAwaited(leader) && submit(leader, executor)) || submit(leader, LEADERS);
    return isSubmitted ? List.of() : List.of(leader);
  }

  private synchronized boolean isAwaited(Ticket<Q, A> leader) {
    return leader.caller != null || stages.get(leader.stage).hasThreads;
  }

  /** Returns false if the executor refuses, or there is no memory for another thread. */
  private boolean submit(Ticket<Q, A> leader, Executor to) {
    try {
      to.execute(() -> lead(leader));
      return true;
    } catch (RuntimeException | Error refusal) {
      return false;
    }
  }
}
