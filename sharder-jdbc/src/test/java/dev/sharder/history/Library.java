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

/** Does an operation in the library, by its public API, and says what came of it. */
final class Library implements AutoCloseable {

  private final String kind;
  private final Sharder sharder;
  private final ShardAdmin admin;

  Library(AssignmentStore store, Workload workload) {
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

  /** Returns what came of it; a change carries the call's id in its note. */
  Outcome play(Operation operation, String id) {
    try {
      return played(operation, new Note("history", id));
    } catch (CompletionException failure) {
      return failed(failure.getCause() == null ? failure : failure.getCause());
    } catch (RuntimeException | Error failure) {
      return failed(failure);
    }
  }

  private static Outcome failed(Throwable failure) {
    boolean isDefinite =
        failure instanceof NoOpenBinException
            || failure instanceof NotFoundException
            || failure instanceof ConflictException
            || failure instanceof RefusedException;
    String name = failure.getClass().getSimpleName();
    return isDefinite
        ? new Outcome.Refused(name)
        : new Outcome.Unknown(name + ": " + failure.getMessage(), System.nanoTime());
  }

  private Outcome played(Operation operation, Note note) {
    if (operation instanceof Operation.AssignOne assign) {
      return assigned(assign);
    }
    if (operation instanceof Operation.FindOne find) {
      return sharder
          .find(find.object())
          .<Outcome>map(found -> new Outcome.Found(Held.of(found)))
          .orElseGet(Outcome.Absent::new);
    }
    if (operation instanceof Operation.AssignRoster roster) {
      AtomicReference<Progress> progress = new AtomicReference<>(new Progress(0, 0));
      sharder.assignRoster(roster.objects().iterator(), progress::set);
      return new Outcome.Made(progress.get().made());
    }
    if (operation instanceof Operation.MoveTo move) {
      Move wanted =
          new Move(move.object(), Optional.ofNullable(move.from()), move.to(), move.expected());
      return assigned(admin.move(wanted, move.force() ? MoveMode.FORCED : MoveMode.CHECKED, note));
    }
    if (operation instanceof Operation.TakeAway remove) {
      return assigned(admin.remove(remove.object(), remove.expected(), note));
    }
    if (operation instanceof Operation.AddBin add) {
      return shown(List.of(admin.addBin(add.bin().bin(), note)));
    }
    if (operation instanceof Operation.ChangeBin change) {
      return shown(
          List.of(
              admin.changeBin(
                  change.bin(),
                  bin -> change.applied(HeldBin.of(new BinLoad(bin, 0))).bin(),
                  note)));
    }
    return shown(sharder.bins());
  }

  private Outcome assigned(Operation.AssignOne assign) {
    Placement placement =
        assign.size() > 1
            ? sharder.assign(AssignmentRequest.of(kind, assign.object()).withSize(assign.size()))
            : isEven(assign.object())
                ? sharder.assign(assign.object())
                : sharder.assignAsync(assign.object()).toCompletableFuture().join();
    Held held = Held.of(placement.assignment());
    return placement.isNew() ? new Outcome.Placed(held) : new Outcome.Found(held);
  }

  /** Half of the names are asked for by event loops. */
  private static boolean isEven(String object) {
    return object.hashCode() % 2 == 0;
  }

  private static Outcome assigned(Assignment assignment) {
    return new Outcome.Assigned(Held.of(assignment));
  }

  private static Outcome shown(List<BinLoad> bins) {
    return new Outcome.Shown(bins.stream().map(HeldBin::of).toList());
  }

  @Override
  public void close() {
    sharder.close();
  }
}
