package dev.sharder;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * The bins chosen for a group, exactly as if its objects had come one after another: what a store
 * calls under its lock, between reading the loads and recording the choices.
 *
 * @param chosen bin by object, in the order of the objects
 * @param refused the errors by object, each for its own caller alone
 */
public record Choices(Map<String, String> chosen, Map<String, SharderException> refused) {

  /** Takes copies that nobody can change. */
  public Choices {
    chosen = Collections.unmodifiableMap(new LinkedHashMap<>(chosen));
    refused = Collections.unmodifiableMap(new LinkedHashMap<>(refused));
  }

  /**
   * Lets the policy choose for one object after another, each choice counted before the next.
   *
   * @param kind the namespace
   * @param objects new objects, without repetition
   * @param policy the policy
   * @param bins every bin of the kind with its load, in any order
   * @return a choice, a {@link NoOpenBinException} or a {@link PolicyException} for each object
   */
  public static Choices of(
      String kind, List<String> objects, BinPolicy policy, List<BinLoad> bins) {
    List<BinLoad> open = new ArrayList<>();
    List<BinLoad> closed = new ArrayList<>();
    for (BinLoad bin : bins) {
      (bin.refusal().isEmpty() ? open : closed).add(bin);
    }
    open.sort(BinLoad.BY_NAME);
    if (policy == LeastLoaded.INSTANCE) {
      return leastLoaded(kind, objects, open, closed);
    }
    Map<String, String> chosen = new LinkedHashMap<>();
    Map<String, SharderException> refused = new LinkedHashMap<>();
    for (String object : objects) {
      try {
        BinLoad choice = choose(new AssignmentRequest(kind, object), policy, open, closed);
        count(choice, open, closed);
        chosen.put(object, choice.name());
      } catch (NoOpenBinException | PolicyException refusal) {
        refused.put(object, refusal);
      }
    }
    return new Choices(chosen, refused);
  }

  /** The same for the policy that is used most, without asking every bin for every object. */
  private static Choices leastLoaded(
      String kind, List<String> objects, List<BinLoad> open, List<BinLoad> closed) {
    PriorityQueue<BinLoad> emptiest = new PriorityQueue<>(LeastLoaded.FIRST_TO_BE_CHOSEN);
    emptiest.addAll(open);
    Map<String, String> chosen = new LinkedHashMap<>();
    Map<String, SharderException> refused = new LinkedHashMap<>();
    Map<String, String> reasons = Map.of();
    for (String object : objects) {
      BinLoad choice = emptiest.poll();
      if (choice == null) {
        AssignmentRequest request = new AssignmentRequest(kind, object);
        if (refused.isEmpty()) {
          // Nothing changes after the first who finds no room, so all share the reasons.
          reasons = refusals(request, LeastLoaded.INSTANCE, List.of(), closed);
        }
        refused.put(object, new NoOpenBinException(request, reasons));
        continue;
      }
      chosen.put(object, choice.name());
      BinLoad counted = choice.plusOne();
      if (counted.refusal().isPresent()) {
        closed.add(counted);
      } else {
        emptiest.add(counted);
      }
    }
    return new Choices(chosen, refused);
  }

  private static BinLoad choose(
      AssignmentRequest request, BinPolicy policy, List<BinLoad> open, List<BinLoad> closed) {
    List<BinLoad> offered;
    Optional<BinLoad> choice;
    Map<String, String> refusals;
    try {
      offered = offered(request, policy, open);
      choice = offered.isEmpty() ? Optional.empty() : Optional.of(policy.choose(request, offered));
      refusals = offered.isEmpty() ? refusals(request, policy, open, closed) : Map.of();
    } catch (RuntimeException | Error failure) {
      // Whatever a policy throws is the trouble of this object alone.
      throw new PolicyException(
          "policy '%s' failed to choose a bin for '%s' of kind '%s': %s; mend the policy"
              .formatted(policy, request.object(), request.kind(), failure),
          failure);
    }
    if (choice.isEmpty()) {
      throw new NoOpenBinException(request, refusals);
    }
    if (!offered.contains(choice.get())) {
      throw new PolicyException(
          "policy '%s' chose %s for '%s' of kind '%s', which it was not offered; return one of the list"
              .formatted(policy, choice.get(), request.object(), request.kind()),
          null);
    }
    return choice.get();
  }

  private static List<BinLoad> offered(
      AssignmentRequest request, BinPolicy policy, List<BinLoad> open) {
    List<BinLoad> offered = new ArrayList<>(open);
    offered.removeIf(bin -> policy.refusal(request, bin.bin()).isPresent());
    return Collections.unmodifiableList(offered);
  }

  private static void count(BinLoad choice, List<BinLoad> open, List<BinLoad> closed) {
    int index = Collections.binarySearch(open, choice, BinLoad.BY_NAME);
    BinLoad counted = choice.plusOne();
    if (counted.refusal().isPresent()) {
      open.remove(index);
      closed.add(counted);
    } else {
      open.set(index, counted);
    }
  }

  private static Map<String, String> refusals(
      AssignmentRequest request, BinPolicy policy, List<BinLoad> open, List<BinLoad> closed) {
    List<BinLoad> all = new ArrayList<>(open);
    all.addAll(closed);
    all.sort(BinLoad.BY_NAME);
    Map<String, String> refusals = new LinkedHashMap<>();
    for (BinLoad bin : all) {
      // The policy's reason first: opening a bin that the policy refuses would not help.
      Optional<String> reason = policy.refusal(request, bin.bin()).or(bin::refusal);
      // Only a policy that answers the same question differently leaves a bin without a reason.
      refusals.put(bin.name(), reason.orElse("was refused by the policy"));
    }
    return refusals;
  }
}
