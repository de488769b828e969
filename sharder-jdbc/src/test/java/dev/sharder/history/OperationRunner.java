package dev.sharder.history;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.ConflictException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.Placement;
import dev.sharder.Progress;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;

/** Runs operations through the library's public API, and returns their outcomes. */
final class OperationRunner implements AutoCloseable {

  private final String kind;
  private final Sharder sharder;
  private final ShardAdmin admin;

  OperationRunner(AssignmentStore store, HistoryWorkload workload) {
    this.kind = workload.kind();
    Duration timeLimit = Duration.ofMillis(workload.timeLimitMillis());
    BinPolicy emptiest = BinPolicy.emptiest();
    this.sharder =
        Sharder.builder(kind, store)
            .policy(workload.inSql() ? emptiest : emptiest::choose)
            .timeLimit(timeLimit)
            .staleness(Duration.ofMillis(workload.stalenessMillis()))
            .build();
    this.admin = ShardAdmin.builder(kind, store).timeLimit(timeLimit).build();
  }

  /** Returns the outcome. The note of a change has the call's id as its reason. */
  CallOutcome play(HistoryOperation operation, String id) {
    try {
      return played(operation, new Note("history", id));
    } catch (CompletionException failure) {
      return failed(failure.getCause() == null ? failure : failure.getCause());
    } catch (RuntimeException | Error failure) {
      return failed(failure);
    }
  }

  private static CallOutcome failed(Throwable failure) {
    boolean isDefinite =
        failure instanceof NoOpenBinException
            || failure instanceof NotFoundException
            || failure instanceof ConflictException
            || failure instanceof RefusedException;
    String name = failure.getClass().getSimpleName();
    return isDefinite
        ? new CallOutcome.Refused(name)
        : new CallOutcome.Unknown(name + ": " + failure.getMessage(), System.nanoTime());
  }

  private CallOutcome played(HistoryOperation operation, Note note) {
    if (operation instanceof HistoryOperation.AssignOne assign) {
      return assigned(assign);
    }
    if (operation instanceof HistoryOperation.FindOne find) {
      return sharder
          .find(find.object())
          .<CallOutcome>map(found -> new CallOutcome.Found(ObservedAssignment.of(found)))
          .orElseGet(CallOutcome.Absent::new);
    }
    if (operation instanceof HistoryOperation.AssignRoster roster) {
      AtomicReference<Progress> progress = new AtomicReference<>(new Progress(0, 0));
      sharder.assignRoster(roster.objects().iterator(), progress::set);
      return new CallOutcome.Made(progress.get().made());
    }
    if (operation instanceof HistoryOperation.MoveTo move) {
      Move wanted =
          new Move(move.object(), Optional.ofNullable(move.from()), move.to(), move.expected());
      return assigned(admin.move(wanted, move.force() ? MoveMode.FORCED : MoveMode.CHECKED, note));
    }
    if (operation instanceof HistoryOperation.TakeAway remove) {
      return assigned(admin.remove(remove.object(), remove.expected(), note));
    }
    if (operation instanceof HistoryOperation.AddBin add) {
      return shown(List.of(admin.addBin(add.bin().bin(), note)));
    }
    if (operation instanceof HistoryOperation.ChangeBin change) {
      return shown(
          List.of(
              admin.changeBin(
                  change.bin(),
                  bin -> change.applied(ObservedBin.of(new BinLoad(bin, 0))).bin(),
                  note)));
    }
    return shown(sharder.bins());
  }

  private CallOutcome assigned(HistoryOperation.AssignOne assign) {
    Placement placement =
        assign.size() > 1
            ? sharder.assign(AssignmentRequest.of(kind, assign.object()).withSize(assign.size()))
            : isEven(assign.object())
                ? sharder.assign(assign.object())
                : sharder.assignAsync(assign.object()).toCompletableFuture().join();
    ObservedAssignment held = ObservedAssignment.of(placement.assignment());
    return placement.isNew() ? new CallOutcome.Placed(held) : new CallOutcome.Found(held);
  }

  /** Half of the names use the asynchronous API. */
  private static boolean isEven(String object) {
    return object.hashCode() % 2 == 0;
  }

  private static CallOutcome assigned(Assignment assignment) {
    return new CallOutcome.Assigned(ObservedAssignment.of(assignment));
  }

  private static CallOutcome shown(List<BinLoad> bins) {
    return new CallOutcome.Shown(bins.stream().map(ObservedBin::of).toList());
  }

  @Override
  public void close() {
    sharder.close();
  }
}
