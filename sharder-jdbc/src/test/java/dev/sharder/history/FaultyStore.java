package dev.sharder.history;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.contract.ForwardingStore;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Faults that a store may have. Each wraps a correct store. */
enum FaultyStore {
  /** Reads the loads, and inserts in a second step, without seeing placements in between. */
  COUNT_THEN_INSERT {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return new ForwardingStore(right) {
        @Override
        public Placements place(
            String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
          List<BinLoad> loads = right.bins(kind, deadline);
          LockSupport.parkNanos(RACE.toNanos());
          return placeBy(right, kind, requests, snapshot -> loads, deadline);
        }
      };
    }
  },

  /** Reads, decides and writes in three steps without a lock. */
  MISSING_LOCK {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return new ForwardingStore(right) {
        @Override
        public <T> T update(
            String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
          AtomicReference<Edit<T>> decided = new AtomicReference<>();
          super.update(
              kind,
              scope,
              snapshot -> {
                decided.set(decide.apply(snapshot));
                return nothing(decided.get());
              },
              deadline);
          LockSupport.parkNanos(RACE.toNanos());
          return super.update(kind, scope, snapshot -> decided.get(), deadline);
        }

        @Override
        public Placements place(
            String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
          return placeBy(this, kind, requests, Snapshot::bins, deadline);
        }
      };
    }
  },

  /** Reports no changes to caches. */
  IGNORED_REVISIONS {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return new ForwardingStore(right) {
        @Override
        public Changes changedSince(String kind, long after, Deadline deadline) {
          return new Changes(1, Optional.of(Set.of()));
        }
      };
    }
  },

  /** Sometimes acknowledges a change without recording it. */
  LOST_WRITE {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return editing(right, FaultyStore::nothing);
    }
  },

  /** Sometimes records a move without its change. */
  LOST_CHANGE {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return editing(
          right,
          edit ->
              new Edit<>(
                  edit.result(),
                  edit.placed(),
                  edit.moved(),
                  edit.removed(),
                  edit.counted(),
                  edit.bins(),
                  edit.undeclared(),
                  List.of()));
    }
  },

  /** Sometimes leaves the version unchanged in a move. */
  SAME_VERSION {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return editing(
          right,
          edit ->
              new Edit<>(
                  edit.result(),
                  edit.placed(),
                  edit.moved().stream().map(FaultyStore::withTheVersionBefore).toList(),
                  edit.removed(),
                  edit.counted(),
                  edit.bins(),
                  edit.undeclared(),
                  edit.changes()));
    }
  },

  /** Sometimes finds an object in another bin. */
  TWO_BINS {
    @Override
    AssignmentStore in(AssignmentStore right) {
      AtomicInteger count = new AtomicInteger();
      return new ForwardingStore(right) {
        @Override
        public Map<String, Assignment> find(
            String kind, Collection<String> objects, Deadline deadline) {
          Map<String, Assignment> found = new HashMap<>(super.find(kind, objects, deadline));
          if (count.incrementAndGet() % FAULT_INTERVAL == 0) {
            found.replaceAll((object, one) -> elsewhere(one));
          }
          return found;
        }
      };
    }
  },

  /** Places new objects into cordoned bins too. */
  INTO_CLOSED_BINS {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return offering(
          right, bin -> bin.state() == BinState.CORDONED ? bin.withState(BinState.OPEN) : bin);
    }
  },

  /** Places new objects into full bins too. */
  INTO_FULL_BINS {
    @Override
    AssignmentStore in(AssignmentStore right) {
      return offering(
          right,
          bin ->
              new Bin(
                  bin.name(),
                  bin.weight(),
                  bin.offset(),
                  OptionalLong.empty(),
                  bin.state(),
                  bin.labels()));
    }
  },

  /** Chooses the last by name of equally empty bins. */
  WRONG_TIES {
    @Override
    AssignmentStore in(AssignmentStore right) {
      Comparator<BinLoad> byLoad =
          Comparator.comparingDouble(bin -> (bin.load() + 1.0) / bin.bin().weight());
      return new ForwardingStore(right) {
        @Override
        public Placements place(
            String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
          BinPolicy other =
              (request, open) ->
                  open.stream().min(byLoad.thenComparing(BinLoad.BY_NAME.reversed())).orElseThrow();
          return super.place(kind, requests, other, deadline);
        }
      };
    }
  };

  /** Long enough for other calls to come in between. */
  private static final Duration RACE = Duration.ofNanos(300_000);

  private static final int FAULT_INTERVAL = 25;

  /** Returns a store with the fault, around a correct one. */
  abstract AssignmentStore in(AssignmentStore right);

  private static <T> Edit<T> nothing(Edit<T> edit) {
    return new Edit<>(
        edit.result(), List.of(), List.of(), List.of(), Map.of(), List.of(), Set.of(), List.of());
  }

  private static Assignment withTheVersionBefore(Assignment moved) {
    return new Assignment(
        moved.kind(),
        moved.object(),
        moved.bin(),
        moved.version() - 1,
        moved.assignedAt(),
        moved.size(),
        moved.group());
  }

  private static Assignment elsewhere(Assignment one) {
    return new Assignment(
        one.kind(),
        one.object(),
        one.bin().equals("bin-0") ? "bin-1" : "bin-0",
        one.version(),
        one.assignedAt(),
        one.size(),
        one.group());
  }

  /** Returns a store that sometimes replaces an edit that moves an object. */
  private static AssignmentStore editing(AssignmentStore right, UnaryOperator<Edit<?>> replaced) {
    AtomicInteger count = new AtomicInteger();
    return new ForwardingStore(right) {
      @Override
      @SuppressWarnings("unchecked")
      public <T> T update(
          String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
        return super.update(
            kind,
            scope,
            snapshot -> {
              Edit<T> edit = decide.apply(snapshot);
              boolean isReplaced =
                  !edit.moved().isEmpty() && count.incrementAndGet() % FAULT_INTERVAL == 0;
              return isReplaced ? (Edit<T>) replaced.apply(edit) : edit;
            },
            deadline);
      }
    };
  }

  /** Returns a store that chooses among replaced bins. */
  private static AssignmentStore offering(AssignmentStore right, UnaryOperator<Bin> other) {
    return new ForwardingStore(right) {
      @Override
      public Placements place(
          String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
        Function<Snapshot, List<BinLoad>> bins =
            snapshot ->
                snapshot.bins().stream()
                    .map(load -> new BinLoad(other.apply(load.bin()), load.assigned()))
                    .toList();
        return placeBy(right, kind, requests, bins, deadline);
      }
    };
  }

  /** Places as a correct store does, but with the given loads. */
  private static Placements placeBy(
      AssignmentStore store,
      String kind,
      List<AssignmentRequest> requests,
      Function<Snapshot, List<BinLoad>> loads,
      Deadline deadline) {
    return store.update(
        kind,
        Scope.toPlace(requests),
        snapshot ->
            Placements.decide(
                requests,
                BinPolicy.emptiest(),
                withLoads(snapshot, loads.apply(snapshot)),
                deadline),
        deadline);
  }

  private static Snapshot withLoads(Snapshot snapshot, List<BinLoad> loads) {
    return new Snapshot(
        snapshot.revision(),
        snapshot.now(),
        loads,
        snapshot.undeclared(),
        snapshot.assignments(),
        snapshot.groups());
  }
}
