package dev.sharder.history;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** The outcome of a call: an answer, a refusal, or unknown. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
  @JsonSubTypes.Type(value = CallOutcome.Placed.class, name = "placed"),
  @JsonSubTypes.Type(value = CallOutcome.Found.class, name = "found"),
  @JsonSubTypes.Type(value = CallOutcome.Absent.class, name = "absent"),
  @JsonSubTypes.Type(value = CallOutcome.Made.class, name = "made"),
  @JsonSubTypes.Type(value = CallOutcome.Assigned.class, name = "assigned"),
  @JsonSubTypes.Type(value = CallOutcome.Shown.class, name = "bins"),
  @JsonSubTypes.Type(value = CallOutcome.Refused.class, name = "refused"),
  @JsonSubTypes.Type(value = CallOutcome.Unknown.class, name = "unknown")
})
sealed interface CallOutcome {

  /** This call made the assignment. */
  record Placed(ObservedAssignment held) implements CallOutcome {
    @Override
    public String toString() {
      return "new in " + held;
    }
  }

  /** The call found the assignment. */
  record Found(ObservedAssignment held) implements CallOutcome {
    @Override
    public String toString() {
      return "found in " + held;
    }
  }

  /** The object is not assigned. */
  record Absent() implements CallOutcome {
    @Override
    public String toString() {
      return "in no bin";
    }
  }

  /** The number of new objects of a roster. */
  record Made(long count) implements CallOutcome {
    @Override
    public String toString() {
      return count + " new";
    }
  }

  /** The assignment after a move, or before a removal. */
  record Assigned(ObservedAssignment held) implements CallOutcome {
    @Override
    public String toString() {
      return held.toString();
    }
  }

  /** Bins with their loads: all bins, or the one that was added or changed. */
  record Shown(List<ObservedBin> bins) implements CallOutcome {
    @Override
    public String toString() {
      return bins.toString();
    }
  }

  /** The call was refused and changed nothing; the reason is the exception's simple name. */
  record Refused(String why) implements CallOutcome {
    @Override
    public String toString() {
      return why;
    }
  }

  /**
   * The call may have taken effect, or may still do so, as after a time limit, a lost connection or
   * a dead process.
   *
   * @param answeredAt {@code System.nanoTime} when the caller received the error; {@link
   *     RecordedCall#OPEN} if it never did
   */
  record Unknown(String why, long answeredAt) implements CallOutcome {

    Unknown(String why) {
      this(why, RecordedCall.OPEN);
    }

    @Override
    public String toString() {
      return "unknown: " + why;
    }
  }
}
