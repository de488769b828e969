package dev.sharder.internal;

import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;

/** Refuses what belongs to another kind. */
public final class KindCheck {

  private KindCheck() {}

  /**
   * Checks a request.
   *
   * @param request the request
   * @param user what gets it, such as {@code sharder}
   * @param kind the kind of that user
   * @throws InvalidValueException if the request is for another kind
   */
  public static void check(AssignmentRequest request, String user, String kind) {
    if (!request.kind().equals(kind)) {
      check("object '" + request.object() + "'", request.kind(), user, kind);
    }
  }

  /**
   * Checks that two kinds are the same.
   *
   * @param what what is passed, such as {@code the plan}
   * @param itsKind its kind
   * @param user what gets it, such as {@code admin}
   * @param kind the kind of that user
   * @throws InvalidValueException if the kinds differ
   */
  public static void check(String what, String itsKind, String user, String kind) {
    if (!itsKind.equals(kind)) {
      throw new InvalidValueException(
          "%s is of kind '%s', and this %s is of kind '%s'; use the %s of its kind"
              .formatted(what, itsKind, user, kind, user));
    }
  }
}
