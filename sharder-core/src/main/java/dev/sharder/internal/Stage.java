package dev.sharder.internal;

import dev.sharder.store.Deadline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
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

  /** Below it, it is not worth looking for those who have given up. */
  private static final int MANY = 10_000;

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

  /** About how many of those who wait have given up. */
  private int gone;

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

  /** Counts a caller who gives up, so that they do not fill the memory if a round never ends. */
  void countGone() {
    gone++;
    if (gone > MANY && gone > waiting.size() / 2) {
      waiting.removeIf(ticket -> ticket.answer.isDone() && !ticket.leads);
      gone = 0;
    }
  }

  /** Removes and returns the callers of the leader's round. */
  List<Ticket<Q, A>> take(Ticket<Q, A> leader) {
    // First, because the rest may run out of memory.
    leader.leads = false;
    int most = leader.leadsItself ? 1 : MAX_ROUND;
    List<Ticket<Q, A>> group = new ArrayList<>(Math.min(waiting.size(), most));
    long needed = neededTime(most);
    Iterator<Ticket<Q, A>> queue = waiting.iterator();
    while (queue.hasNext() && group.size() < most) {
      Ticket<Q, A> ticket = queue.next();
      // The leader may give up at this moment, but this round is its.
      if (ticket == leader
          || (!ticket.answer.isDone() && ticket.deadline.remaining().toNanos() >= needed)) {
        group.add(ticket);
        queue.remove();
      } else if (ticket.answer.isDone()) {
        queue.remove();
      }
    }
    hasThreads &= !waiting.isEmpty();
    return group;
  }

  /**
   * Returns the time that a caller must have left. If more callers wait than fit into a round,
   * those come first who have time for one. Else every round of a long queue would be of callers
   * who give up during it. The newest caller has enough, however long the latest round took.
   */
  private long neededTime(int most) {
    return waiting.size() > most
        ? Math.min(roundTime * 3 / 2, waiting.getLast().deadline.remaining().toNanos() / 2)
        : 0;
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
    hasThreads &= next != null;
    if (next != null) {
      next.leadsItself = false;
      next.leads = true;
    }
    return next;
  }
}
