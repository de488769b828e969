package dev.sharder.internal;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Group commit: answers callers in rounds. Callers that come while a round runs wait for the next
 * one, which answers all of them. Alone, a caller runs its own round at once, on its own thread;
 * all other rounds run on threads of the group's own, so that the trouble of one caller's thread, a
 * small stack or an interruption, is never another's.
 *
 * <p>There may be several stages, each with rounds of its own, side by side: whom one has no answer
 * for goes on to the next, without waking up in between. A caller may begin with a later one.
 *
 * <p>Source: group commit, D. J. DeWitt et al., "Implementation techniques for main memory database
 * systems", 1984; leading by one of the waiting, "flat combining", D. Hendler et al., 2010.
 *
 * @param <Q> what a caller asks; told in errors by its {@code toString()}
 * @param <A> what a caller is answered
 */
public final class GroupCommit<Q, A> {

  /**
   * The most callers in one round: enough to spread the cost of a commit, few enough to be quick.
   */
  private static final int LARGEST = 1_024;

  /**
   * Answers many questions at once: the function gives each its answer, or none, or throws its
   * error.
   */
  public interface Round<Q, A> {
    Function<Q, Optional<A>> run(List<Q> questions, Deadline deadline);
  }

  /** Runs rounds; daemon threads that end when idle. */
  public static final Executor LEADERS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-leader");
            thread.setDaemon(true);
            return thread;
          });

  /** Deep enough to hand the lead on. */
  private static final int FRAMES_NEEDED = 256;

  /** Rounds that run one at a time, and who waits for the next. Guarded by the group's monitor. */
  private static final class Stage<Q, A> {
    final Round<Q, A> round;
    final Deque<Ticket<Q, A>> waiting = new ArrayDeque<>();

    /** Whose round runs or is to run; none if the stage is idle. */
    @Nullable Ticket<Q, A> leader;

    Stage(Round<Q, A> round) {
      this.round = round;
    }
  }

  /** A caller and its place in the queues. */
  private static final class Ticket<Q, A> {
    final Q question;
    final Deadline deadline;
    final int end;
    final @Nullable Thread caller;
    final CompletableFuture<Optional<A>> answer = new CompletableFuture<>();

    // Once it has entered, written under the group's monitor.
    int stage;

    /** Whether it is to run a round, which has not begun. */
    volatile boolean leads;

    /** Whether its caller runs that round, for itself alone. */
    volatile boolean leadsItself;

    Ticket(Q question, Deadline deadline, int first, int end, @Nullable Thread caller) {
      this.question = question;
      this.deadline = deadline;
      this.stage = first;
      this.end = end;
      this.caller = caller;
    }
  }

  private final String what;
  private final List<Stage<Q, A>> stages;
  private final Executor executor;

  // Guarded by the monitor.
  private boolean closed;

  /** Names whom it serves, for errors; the executor leads where no caller's thread waits. */
  public GroupCommit(String what, List<Round<Q, A>> rounds, Executor executor) {
    this.what = what;
    this.stages = rounds.stream().map(Stage::new).toList();
    this.executor = executor;
  }

  /** Waits until the deadline for the answer of the stages from the first to before the end. */
  public Optional<A> ask(Q question, Deadline deadline, int first, int end) {
    // A caller whose stack is used up fails here, before others depend on it.
    probe(FRAMES_NEEDED);
    Ticket<Q, A> ticket = new Ticket<>(question, deadline, first, end, Thread.currentThread());
    try {
      enter(List.of(ticket));
      return await(ticket);
    } catch (Error failure) {
      abandon(ticket);
      throw failure;
    }
  }

  private static int probe(int depth) {
    return depth == 0 ? 0 : 1 + probe(depth - 1);
  }

  private Optional<A> await(Ticket<Q, A> ticket) {
    while (true) {
      if (ticket.leads && ticket.leadsItself) {
        lead(ticket);
      } else if (ticket.answer.isDone()) {
        return answer(ticket);
      } else if (Thread.currentThread().isInterrupted()) {
        leave(ticket);
        throw new StoreException(
            "interrupted while waiting for the answer for '" + ticket.question + "'; ask again",
            null);
      } else if (ticket.deadline.hasPassed()) {
        leave(ticket);
        throw tooLate(ticket);
      } else {
        LockSupport.parkNanos(this, ticket.deadline.remaining().toNanos());
      }
    }
  }

  /** Hands on what the ticket leads, wherever its thread was stopped. */
  private void abandon(Ticket<Q, A> ticket) {
    leave(ticket);
    Ticket<Q, A> next = null;
    synchronized (this) {
      Stage<Q, A> stage = stages.get(ticket.stage);
      if (stage.leader == ticket) {
        next = next(stage);
      }
    }
    wake(next).forEach(this::lead);
  }

  /** Returns at once; the answer comes on the thread that leads. */
  public CompletableFuture<Optional<A>> askLater(
      Q question, Deadline deadline, int first, int end) {
    return askLater(List.of(question), deadline, first, end).get(0);
  }

  /** Asks for many, one after another; they come in together, and are taken in their order. */
  public List<CompletableFuture<Optional<A>>> askLater(
      List<Q> questions, Deadline deadline, int first, int end) {
    List<Ticket<Q, A>> tickets = new ArrayList<>(questions.size());
    questions.forEach(question -> tickets.add(new Ticket<>(question, deadline, first, end, null)));
    enter(tickets).forEach(leader -> wake(leader).forEach(this::lead));
    return tickets.stream().map(this::bounded).toList();
  }

  private CompletableFuture<Optional<A>> bounded(Ticket<Q, A> ticket) {
    return ticket
        .answer
        .orTimeout(ticket.deadline.remaining().toNanos() + 1, TimeUnit.NANOSECONDS)
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(tell(ticket, failure)));
  }

  /** Refuses those who wait and whoever comes later. */
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
          // Appointed, and not begun: nobody runs a round.
          ticket.leads = false;
          stages.get(ticket.stage).leader = null;
          notifyAll();
        }
      }
    }
    refused.forEach(this::refuse);
  }

  private void refuse(Ticket<Q, A> ticket) {
    complete(ticket, () -> ticket.answer.completeExceptionally(new ClosedException(what)));
  }

  /** Returns whether no round runs any more; waits for that until the deadline. */
  public synchronized boolean awaitIdle(Deadline deadline) throws InterruptedException {
    while (stages.stream().anyMatch(stage -> stage.leader != null)) {
      if (deadline.hasPassed()) {
        return false;
      }
      wait(deadline.remaining().toMillis() + 1);
    }
    return true;
  }

  /** Has them join their queue one after another, and returns the one that leads it, if any. */
  private synchronized List<Ticket<Q, A>> enter(List<Ticket<Q, A>> tickets) {
    if (closed) {
      throw new ClosedException(what);
    }
    return tickets.stream().filter(this::join).toList();
  }

  /** Under the monitor; returns whether the stage was idle, and the ticket leads it. */
  private boolean join(Ticket<Q, A> ticket) {
    Stage<Q, A> stage = stages.get(ticket.stage);
    stage.waiting.add(ticket);
    if (stage.leader == null) {
      stage.leader = ticket;
      // In this order: its caller looks at them without the monitor.
      ticket.leadsItself = ticket.caller == Thread.currentThread();
      ticket.leads = true;
    }
    return ticket.leads;
  }

  private void leave(Ticket<Q, A> ticket) {
    Ticket<Q, A> next = null;
    synchronized (this) {
      ticket.answer.cancel(false);
      stages.get(ticket.stage).waiting.remove(ticket);
      if (ticket.leads) {
        ticket.leads = false;
        next = next(stages.get(ticket.stage));
      }
    }
    wake(next).forEach(this::lead);
  }

  /** Runs a round, and those after it for which no other thread can be had. */
  private void lead(Ticket<Q, A> first) {
    Deque<Ticket<Q, A>> leaders = new ArrayDeque<>(List.of(first));
    while (!leaders.isEmpty()) {
      leaders.addAll(leadOnce(leaders.remove()));
    }
  }

  private List<Ticket<Q, A>> leadOnce(Ticket<Q, A> leader) {
    Stage<Q, A> stage = stages.get(leader.stage);
    List<Ticket<Q, A>> group = take(leader, stage);
    if (group.isEmpty()) {
      return List.of();
    }
    List<Q> questions = group.stream().map(ticket -> ticket.question).distinct().toList();
    Function<Q, Optional<A>> answers;
    try {
      answers = stage.round.run(questions, leader.deadline);
    } catch (RuntimeException | Error failure) {
      return fail(group, stage, leader, failure);
    }
    List<Ticket<Q, A>> onward = new ArrayList<>();
    List<Ticket<Q, A>> answered = new ArrayList<>();
    for (Ticket<Q, A> ticket : group) {
      (goesOn(ticket, answers) ? onward : answered).add(ticket);
    }
    // Those who go on join before the next round of this stage could let later ones overtake them;
    // and the next rounds start before the answers of this one are handed out.
    Ticket<Q, A> further = goOn(onward);
    List<Ticket<Q, A>> left = new ArrayList<>(wake(next(stage)));
    boolean hasTime = answered.isEmpty() && !leader.leadsItself;
    left.addAll(further != null && hasTime ? List.of(further) : wake(further));
    for (Ticket<Q, A> ticket : answered) {
      complete(ticket, () -> settle(ticket, answers));
    }
    return left;
  }

  /** Empty if the ticket leads no longer: it was refused, gave up, or another thread ran it. */
  private synchronized List<Ticket<Q, A>> take(Ticket<Q, A> leader, Stage<Q, A> stage) {
    int most = leader.leadsItself ? 1 : LARGEST;
    List<Ticket<Q, A>> group = new ArrayList<>(Math.min(stage.waiting.size(), most));
    while (leader.leads && !stage.waiting.isEmpty() && group.size() < most) {
      group.add(stage.waiting.poll());
    }
    leader.leads = false;
    return group;
  }

  private static <Q, A> boolean goesOn(Ticket<Q, A> ticket, Function<Q, Optional<A>> answers) {
    try {
      return ticket.stage + 1 < ticket.end && answers.apply(ticket.question).isEmpty();
    } catch (RuntimeException | Error itsOwn) {
      return false;
    }
  }

  /** Moves tickets to their next stage, and returns the one that is to lead it, if any. */
  private @Nullable Ticket<Q, A> goOn(List<Ticket<Q, A>> onward) {
    Ticket<Q, A> leader = null;
    List<Ticket<Q, A>> refused = List.of();
    synchronized (this) {
      if (closed) {
        refused = onward;
      } else {
        for (Ticket<Q, A> ticket : onward) {
          if (!ticket.answer.isDone()) {
            ticket.stage++;
            leader = join(ticket) ? ticket : leader;
          }
        }
      }
    }
    refused.forEach(this::refuse);
    return leader;
  }

  private static <Q, A> void settle(Ticket<Q, A> ticket, Function<Q, Optional<A>> answers) {
    try {
      ticket.answer.complete(answers.apply(ticket.question));
    } catch (RuntimeException | Error failure) {
      ticket.answer.completeExceptionally(failure);
    }
  }

  /** What stopped the leader's own thread or time is no one else's: the others go round again. */
  private List<Ticket<Q, A>> fail(
      List<Ticket<Q, A>> group, Stage<Q, A> stage, Ticket<Q, A> leader, Throwable failure) {
    boolean leadersOwn =
        failure instanceof TimeLimitException
            || failure instanceof Error
            || Thread.currentThread().isInterrupted();
    List<Ticket<Q, A>> refused = new ArrayList<>();
    Ticket<Q, A> next;
    synchronized (this) {
      for (int i = group.size() - 1; leadersOwn && i >= 0; i--) {
        Ticket<Q, A> ticket = group.get(i);
        // A caller that gave up meanwhile must not be made the leader.
        if (ticket != leader && !ticket.answer.isDone() && !ticket.deadline.hasPassed()) {
          group.remove(i);
          if (closed) {
            refused.add(ticket);
          } else {
            stage.waiting.addFirst(ticket);
          }
        }
      }
      next = next(stage);
    }
    refused.forEach(this::refuse);
    List<Ticket<Q, A>> left = wake(next);
    for (Ticket<Q, A> ticket : group) {
      complete(ticket, () -> ticket.answer.completeExceptionally(failure));
    }
    return left;
  }

  /** Makes the first of those waiting the stage's leader; without any, the stage is idle. */
  private synchronized @Nullable Ticket<Q, A> next(Stage<Q, A> stage) {
    Ticket<Q, A> next = stage.waiting.peek();
    stage.leader = next;
    if (next == null) {
      notifyAll();
    } else {
      next.leadsItself = false;
      next.leads = true;
    }
    return next;
  }

  /** Has another thread run the leader's round; returns the leader if no thread can be had. */
  private List<Ticket<Q, A>> wake(@Nullable Ticket<Q, A> leader) {
    if (leader == null || leader.leadsItself) {
      return List.of();
    }
    try {
      // The application's own executor is for those who do not wait: its threads may be waiting.
      (leader.caller == null ? executor : LEADERS).execute(() -> lead(leader));
      return List.of();
    } catch (RuntimeException | Error refusal) {
      // Shut down, or out of threads. Some thread has to lead, or no one would be answered again.
      return List.of(leader);
    }
  }

  private static <Q, A> void complete(Ticket<Q, A> ticket, Runnable completion) {
    completion.run();
    if (ticket.caller != null && ticket.caller != Thread.currentThread()) {
      LockSupport.unpark(ticket.caller);
    }
  }

  private static <Q, A> TimeLimitException tooLate(Ticket<Q, A> ticket) {
    return new TimeLimitException(
        ticket.deadline.limit(),
        "'%s' still waits for its turn; ask again, or allow more time".formatted(ticket.question),
        null);
  }

  private Throwable tell(Ticket<Q, A> ticket, Throwable failure) {
    if (failure instanceof TimeoutException) {
      leave(ticket);
      return tooLate(ticket);
    }
    return failure;
  }

  private static <Q, A> Optional<A> answer(Ticket<Q, A> ticket) {
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
