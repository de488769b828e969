package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.NoOpenBinException;
import dev.sharder.PolicyException;
import dev.sharder.SharderException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Explanation;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * The bins chosen for many objects, exactly as if they were requested one after another. A store
 * computes them under its lock, between reading the loads and recording the choices. Immutable.
 *
 * @param chosen the name of the bin of each placed object, in the order of the requests
 * @param refused the exception of each refused object, for its own caller only
 */
public record Choices(Map<String, String> chosen, Map<String, SharderException> refused) {

  /** Copies the maps, in their order. */
  public Choices {
    chosen = Collections.unmodifiableMap(new LinkedHashMap<>(chosen));
    refused = Collections.unmodifiableMap(new LinkedHashMap<>(refused));
  }

  /**
   * Lets the policy choose a bin for one object after another, and counts each choice before the
   * next. An object with a group goes to the bin of its group or is refused.
   *
   * @param requests new objects, without repetition
   * @param policy chooses the bins
   * @param bins every bin of the kind with its load, in any order
   * @param groups the name of the bin of each group that has one
   * @return a choice, a {@link NoOpenBinException} or a {@link PolicyException} for each object
   */
  public static Choices of(
      List<AssignmentRequest> requests,
      BinPolicy policy,
      List<BinLoad> bins,
      Map<String, String> groups) {
    return of(requests, policy, bins, groups, Deadline.in(ChronoUnit.DECADES.getDuration()));
  }

  /**
   * Chooses as {@link #of(List, BinPolicy, List, Map)} does, and leaves time to record the choices:
   * after three quarters of the remaining time, the objects that are left are refused with a {@link
   * TimeLimitException}. The policy is asked about the first object in any case.
   *
   * @param requests new objects, without repetition
   * @param policy chooses the bins
   * @param bins every bin of the kind with its load, in any order
   * @param groups the name of the bin of each group that has one
   * @param deadline when the caller gives up
   * @return a choice or an exception for each object
   */
  public static Choices of(
      List<AssignmentRequest> requests,
      BinPolicy policy,
      List<BinLoad> bins,
      Map<String, String> groups,
      Deadline deadline) {
    Deadline choosing = Deadline.in(deadline.remaining().multipliedBy(3).dividedBy(4).plusNanos(1));
    List<BinLoad> open = new ArrayList<>();
    List<BinLoad> closed = new ArrayList<>();
    for (BinLoad bin : bins) {
      (bin.refusal().isEmpty() ? open : closed).add(bin);
    }
    open.sort(BinLoad.BY_NAME);
    if (policy == BinPolicy.emptiest() && requests.stream().allMatch(AssignmentRequest::isPlain)) {
      return leastLoaded(requests, open, closed);
    }
    Map<String, String> chosen = new LinkedHashMap<>();
    Map<String, SharderException> refused = new LinkedHashMap<>();
    Map<String, String> homes = new HashMap<>(groups);
    List<BinLoad> all = List.of();
    for (AssignmentRequest request : requests) {
      boolean isFirst = chosen.isEmpty() && refused.isEmpty();
      if (!isFirst && choosing.hasPassed()) {
        refused.put(request.object(), tooSlow(request, policy, deadline));
        continue;
      }
      try {
        BinPolicy own = followingGroup(request, policy, homes);
        Optional<BinLoad> choice = choose(request, own, open);
        if (choice.isPresent()) {
          String bin = choice.get().name();
          count(choice.get(), request.size(), open, closed);
          chosen.put(request.object(), bin);
          request.group().ifPresent(group -> homes.put(group, bin));
          all = List.of();
        } else {
          // Until the next object is placed, refusals share the bins.
          all = all.isEmpty() ? byName(open, closed) : all;
          Refusals reasons = new Refusals(request, own, all);
          refused.put(request.object(), new NoOpenBinException(request, reasons));
        }
      } catch (PolicyException failure) {
        refused.put(request.object(), failure);
      }
    }
    return new Choices(chosen, refused);
  }

  /**
   * Returns what {@link #of} would choose for one object, and why.
   *
   * @param request the object
   * @param policy the policy of the kind's sharders
   * @param snapshot the bins, and the object's assignment and the bin of its group if there are any
   * @return the explanation
   * @throws PolicyException if the policy fails
   */
  public static Explanation explain(
      AssignmentRequest request, BinPolicy policy, Snapshot snapshot) {
    Assignment known = snapshot.assignments().get(request.object());
    if (known != null) {
      return new Explanation(request, Optional.of(known), Optional.empty(), Map.of());
    }
    List<BinLoad> bins = snapshot.bins().stream().sorted(BinLoad.BY_NAME).toList();
    BinPolicy own = followingGroup(request, policy, snapshot.groups());
    List<BinLoad> open = bins.stream().filter(bin -> bin.refusal().isEmpty()).toList();
    try {
      Optional<BinLoad> choice = choose(request, own, open);
      Map<String, String> reasons = new LinkedHashMap<>(new Refusals(request, own, bins));
      if (choice.isPresent()) {
        reasons.remove(choice.get().name());
        for (BinLoad bin : bins) {
          if (Refusals.UNEXPLAINED.equals(reasons.get(bin.name()))) {
            reasons.put(bin.name(), own.reason(request, bin, choice.get()));
          }
        }
      }
      return new Explanation(request, Optional.empty(), choice.map(BinLoad::name), reasons);
    } catch (PolicyException failure) {
      throw failure;
    } catch (Exception | Error failure) {
      throw failed(own, request, failure);
    }
  }

  /**
   * Returns a policy that follows the object's group, or the given one if it is the first of it.
   */
  private static BinPolicy followingGroup(
      AssignmentRequest request, BinPolicy policy, Map<String, String> homes) {
    return request
        .group()
        .flatMap(group -> Optional.ofNullable(homes.get(group)))
        .<BinPolicy>map(GroupAffinity::new)
        .orElse(policy);
  }

  /** A fast path for the default policy that does not read every bin for every object. */
  private static Choices leastLoaded(
      List<AssignmentRequest> requests, List<BinLoad> open, List<BinLoad> closed) {
    PriorityQueue<BinLoad> emptiest = new PriorityQueue<>(BinLoad.emptiestWith(1));
    emptiest.addAll(open);
    Map<String, String> chosen = new LinkedHashMap<>();
    Map<String, SharderException> refused = new LinkedHashMap<>();
    Map<String, String> reasons = Map.of();
    for (AssignmentRequest request : requests) {
      BinLoad choice = emptiest.poll();
      if (choice == null) {
        if (refused.isEmpty()) {
          // Nothing changes after the first refusal, so all refusals share the reasons.
          reasons = new Refusals(request, BinPolicy.emptiest(), byName(List.of(), closed));
        }
        refused.put(request.object(), new NoOpenBinException(request, reasons));
        continue;
      }
      chosen.put(request.object(), choice.name());
      BinLoad counted = choice.plus(1);
      if (counted.refusal().isPresent()) {
        closed.add(counted);
      } else {
        emptiest.add(counted);
      }
    }
    return new Choices(chosen, refused);
  }

  /** Returns the policy's choice among the bins that it may choose; empty if there are none. */
  private static Optional<BinLoad> choose(
      AssignmentRequest request, BinPolicy policy, List<BinLoad> open) {
    List<BinLoad> offered;
    BinLoad choice;
    try {
      offered = offered(request, policy, open);
      if (offered.isEmpty()) {
        return Optional.empty();
      }
      choice = Objects.requireNonNull(policy.choose(request, offered), "it returned null");
    } catch (Exception | Error failure) {
      // An exception that a policy throws affects this object only.
      throw failed(policy, request, failure);
    }
    if (!offered.contains(choice)) {
      throw new PolicyException(
          "policy '%s' chose %s for '%s' of kind '%s', which it was not offered; return one of the list"
              .formatted(policy, choice, request.object(), request.kind()),
          null);
    }
    return Optional.of(choice);
  }

  /**
   * Returns why a policy never places an object in a bin.
   *
   * @param request the object
   * @param policy the policy of the kind's sharders
   * @param bin any bin of the kind
   * @return the policy's reason; empty if the bin may be chosen
   * @throws PolicyException if the policy fails
   */
  public static Optional<String> refusal(AssignmentRequest request, BinPolicy policy, Bin bin) {
    try {
      return policy.refusal(request, bin);
    } catch (Exception | Error failure) {
      throw failed(policy, request, failure);
    }
  }

  private static TimeLimitException tooSlow(
      AssignmentRequest request, BinPolicy policy, Deadline deadline) {
    return new TimeLimitException(
        deadline.limit(),
        "policy '%s' was still choosing bins for objects before '%s' of kind '%s'; try again, allow more time, or make the policy faster"
            .formatted(policy, request.object(), request.kind()),
        null);
  }

  private static PolicyException failed(
      BinPolicy policy, AssignmentRequest request, Throwable failure) {
    return new PolicyException(
        "policy '%s' failed to choose a bin for '%s' of kind '%s': %s; fix the policy"
            .formatted(policy, request.object(), request.kind(), failure),
        failure);
  }

  private static List<BinLoad> offered(
      AssignmentRequest request, BinPolicy policy, List<BinLoad> open) {
    List<BinLoad> offered = new ArrayList<>(open);
    offered.removeIf(
        bin ->
            (request.size() > 1 && bin.refusal(request.size()).isPresent())
                || policy.refusal(request, bin.bin()).isPresent());
    return Collections.unmodifiableList(offered);
  }

  private static void count(BinLoad choice, long size, List<BinLoad> open, List<BinLoad> closed) {
    int index = Collections.binarySearch(open, choice, BinLoad.BY_NAME);
    BinLoad counted = choice.plus(size);
    if (counted.refusal().isPresent()) {
      open.remove(index);
      closed.add(counted);
    } else {
      open.set(index, counted);
    }
  }

  private static List<BinLoad> byName(List<BinLoad> open, List<BinLoad> closed) {
    List<BinLoad> all = new ArrayList<>(open);
    all.addAll(closed);
    all.sort(BinLoad.BY_NAME);
    return all;
  }
}
