package dev.sharder.contract;

import static java.util.stream.Collectors.toMap;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the groups of the contract share: the store under test, and short ways to use it. */
abstract class StorePromises {

  /** Chooses the emptiest bin, in Java even where the store could do so in its database. */
  static final BinPolicy EMPTIEST_IN_JAVA = BinPolicy.emptiest()::choose;

  static final Duration LIMIT = Duration.ofSeconds(30);

  static final Note NOTE = new Note("eve", "for a test");

  static final OptionalLong ANY = OptionalLong.empty();

  /** The store under test, which holds nothing when a test begins. */
  AssignmentStore store;

  /** How many random histories are played. */
  int histories;

  @RegisterExtension
  final BeforeTestExecutionCallback takesTheStore =
      context -> {
        AssignmentStoreContract contract =
            context
                .getRequiredTestInstances()
                .findInstance(AssignmentStoreContract.class)
                .orElseThrow();
        store = contract.store;
        histories = contract.histories();
      };

  static Stream<String> users(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> "user-" + i);
  }

  Sharder tenBins() {
    return patient().bins(bins(10)).build();
  }

  static List<Bin> bins(int count) {
    return IntStream.range(0, count).mapToObj(i -> Bin.of("hub-%02d".formatted(i))).toList();
  }

  /** Declares these bins, and returns what that changed. */
  List<String> declare(Bin... bins) {
    long last = changesAfter(0).stream().mapToLong(Change::id).max().orElse(0);
    Sharder.builder("hub", store).bins(List.of(bins)).build().close();
    return changesAfter(last).stream()
        .map(change -> change.what().word() + " " + change.to().orElseThrow())
        .toList();
  }

  List<Change> changesAfter(long id) {
    return store.history("hub", Optional.empty(), id, 1_000, Deadline.in(LIMIT));
  }

  Placements place(List<String> objects, BinPolicy policy) {
    List<AssignmentRequest> requests =
        objects.stream().map(object -> AssignmentRequest.of("hub", object)).toList();
    return store.place("hub", requests, policy, Deadline.in(LIMIT));
  }

  static List<Placement> assignMany(Sharder sharder, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> sharder.assign(prefix + i)).toList();
  }

  /** Writes past the library, as far as a store allows it. */
  void record(List<Assignment> moved, Map<String, Long> counted) {
    store.update(
        "hub",
        Scope.BINS,
        snapshot ->
            new Edit<>("", List.of(), moved, List.of(), counted, List.of(), Set.of(), List.of()),
        Deadline.in(LIMIT));
  }

  ShardAdmin admin() {
    return ShardAdmin.builder("hub", store).build();
  }

  Sharder hubs(String... names) {
    return patient().bins(names).build();
  }

  /** Returns a builder whose callers wait long enough on a slow machine. */
  private SharderBuilder patient() {
    return Sharder.builder("hub", store).timeLimit(LIMIT);
  }

  long revision() {
    return store.changedSince("hub", 0, Deadline.in(LIMIT)).revision();
  }

  static AssignmentRequest request(String object) {
    return AssignmentRequest.of("hub", object);
  }

  static Adoption adoption(String object, String bin) {
    return new Adoption(request(object), bin);
  }

  static List<String> assign(Sharder hubs, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> hubs.assign(prefix + i).bin()).toList();
  }

  static Map<String, Long> loads(Sharder sharder) {
    return new TreeMap<>(sharder.bins().stream().collect(toMap(BinLoad::name, BinLoad::assigned)));
  }

  static <T> List<T> all(Iterator<T> iterator) {
    List<T> all = new ArrayList<>();
    iterator.forEachRemaining(all::add);
    return all;
  }

  static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> done : pool.invokeAll(tasks)) {
        results.add(done.get());
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }

  void adopt(String bin, int from, int count) {
    admin().addBin(Bin.of(bin), NOTE);
    adopt(bin, from, count, 1);
  }

  void adopt(String bin, int from, int count, long size) {
    List<Adoption> users =
        IntStream.range(from, from + count)
            .mapToObj(i -> request("user-%05d".formatted(i)).withSize(size))
            .map(user -> new Adoption(user, bin))
            .toList();
    admin().adopt(users, AdoptMode.ALL_OR_NOTHING, NOTE);
  }

  /** Throws anything, as languages without checked exceptions do. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  static <E extends Throwable> E sneaky(Throwable failure) throws E {
    throw (E) failure;
  }
}
