package dev.sharder.history;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** What came of a call: an answer, a definite refusal, or nothing that one can rely on. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Outcome.Placed.class, name = "placed"),
  @JsonSubTypes.Type(value = Outcome.Found.class, name = "found"),
  @JsonSubTypes.Type(value = Outcome.Absent.class, name = "absent"),
  @JsonSubTypes.Type(value = Outcome.Made.class, name = "made"),
  @JsonSubTypes.Type(value = Outcome.Assigned.class, name = "assigned"),
  @JsonSubTypes.Type(value = Outcome.Shown.class, name = "bins"),
  @JsonSubTypes.Type(value = Outcome.Refused.class, name = "refused"),
  @JsonSubTypes.Type(value = Outcome.Unknown.class, name = "unknown")
})
sealed interface Outcome {

  /** This very call made the assignment. */
  record Placed(Held held) implements Outcome {
    @Override
    public String toString() {
      return "new in " + held;
    }
  }

  /** The call found the assignment. */
  record Found(Held held) implements Outcome {
    @Override
    public String toString() {
      return "found in " + held;
    }
  }

  /** The object is in no bin. */
  record Absent() implements Outcome {
    @Override
    public String toString() {
      return "in no bin";
    }
  }

  /** So many of a roster were new. */
  record Made(long count) implements Outcome {
    @Override
    public String toString() {
      return count + " new";
    }
  }

  /** The assignment after a move, or before a removal. */
  record Assigned(Held held) implements Outcome {
    @Override
    public String toString() {
      return held.toString();
    }
  }

  /** Bins with their loads: all of them, or the one that was added or changed. */
  record Shown(List<HeldBin> bins) implements Outcome {
    @Override
    public String toString() {
      return bins.toString();
    }
  }

  /** Nothing was done; the reason is the simple name of the exception. */
  record Refused(String why) implements Outcome {
    @Override
    public String toString() {
      return why;
    }
  }

  /**
   * It may have been done, or may yet be: a time limit, a lost connection, a process that died.
   *
   * @param told {@code System.nanoTime} when the caller got the error; {@link Call#OPEN} if it
   *     never did
   */
  record Unknown(String why, long told) implements Outcome {

    Unknown(String why) {
      this(why, Call.OPEN);
    }

    @Override
    public String toString() {
      return "unknown: " + why;
    }
  }
}
