package dev.sharder.internal;

import dev.sharder.store.Deadline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rounds of a {@link GroupCommit} that run one at a time, and their waiting callers. Guarded by the
 * group's monitor.
 */
final class Stage<Q, A> {

  /**
   * The maximum number of callers in one round: enough to share the cost of a commit, few enough to
   * be fast.
   */
  private static final int MAX_ROUND = 1_024;

  final GroupCommit.Round<Q, A> round;

  /**
   * Callers in the order in which they came. Those who have given up stay until a round comes to
   * them, because finding them takes time. Not an ArrayDeque: one that has no memory to grow with
   * loses all that it holds.
   */
  @SuppressWarnings("JdkObsolete")
  final Deque<Ticket<Q, A>> waiting = new LinkedList<>();

  /** The caller whose round runs or will run next; null if the stage is idle. */
  @Nullable Ticket<Q, A> leader;

  /** Whether threads may be waiting, which must not depend on the application's executor. */
  boolean hasThreads;

  /** How long the latest round took that did not fail, in nanoseconds. */
  long roundTime;

  Stage(GroupCommit.Round<Q, A> round) {
    this.round = round;
  }

  /**
   * Adds a caller. Returns the leader to wake: the caller itself if the stage was idle, or, for the
   * first thread that waits, one that may be waiting for the application's executor.
   */
  @Nullable Ticket<Q, A> join(Ticket<Q, A> ticket) {
    boolean isFirstThread = ticket.caller != null && !hasThreads;
    waiting.add(ticket);
    hasThreads |= ticket.caller != null;
    Ticket<Q, A> now = leader;
    if (now == null) {
      leader = ticket;
      // In this order: its caller reads them without the monitor.
      ticket.leadsItself = ticket.caller == Thread.currentThread();
      ticket.leads = true;
      return ticket;
    }
    return isFirstThread && now.leads && now.caller == null ? now : null;
  }

  /** Makes a caller wait again, before all others, unless it has given up. */
  void putBack(Ticket<Q, A> ticket) {
    if (!ticket.answer.isDone()) {
      waiting.addFirst(ticket);
      hasThreads |= ticket.caller != null;
    }
  }

  /** Removes and returns the callers of the leader's round. */
  List<Ticket<Q, A>> take(Ticket<Q, A> leader) {
    int most = leader.leadsItself ? 1 : MAX_ROUND;
    List<Ticket<Q, A>> group = new ArrayList<>(Math.min(waiting.size(), most));
    // If more callers wait than fit, those come first who have time for a round. Else every round
    // of a long queue would be of callers who give up during it.
    long needed = waiting.size() > most ? roundTime * 3 / 2 : 0;
    Deque<Ticket<Q, A>> late = new ArrayDeque<>();
    while (!waiting.isEmpty() && group.size() < most) {
      Ticket<Q, A> ticket = waiting.poll();
      if (ticket == leader) {
        // It may give up at this moment, but this round is its.
        group.add(ticket);
      } else if (!ticket.answer.isDone()) {
        (ticket.deadline.remaining().toNanos() < needed ? late : group).add(ticket);
      }
    }
    while (!late.isEmpty()) {
      waiting.addFirst(late.removeLast());
    }
    leader.leads = false;
    hasThreads &= !waiting.isEmpty();
    return group;
  }

  /**
   * Returns the deadline of a round. With the leader's, which may soon pass, no round of a long
   * queue would have enough time. A caller whose own deadline passes before does not wait for it.
   */
  static <Q, A> Deadline deadline(List<Ticket<Q, A>> group) {
    return group.stream()
        .map(ticket -> ticket.deadline)
        .max(Comparator.comparing(Deadline::remaining))
        .orElseThrow();
  }

  /** Makes the first waiting caller the leader; returns null if there is none. */
  @Nullable Ticket<Q, A> next() {
    Ticket<Q, A> next = waiting.peek();
    while (next != null && next.answer.isDone()) {
      waiting.remove();
      next = waiting.peek();
    }
    leader = next;
    if (next != null) {
      next.leadsItself = false;
      next.leads = true;
    }
    return next;
  }
}
