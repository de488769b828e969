package dev.sharder.examples.hub.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.stream.Stream;

/** The output of a command, which ends when no one reads on, as with {@code list | head}. */
final class StandardOutput extends FilterOutputStream {

  /** No one reads on. Writers keep other failures to themselves, but pass this one on. */
  static final class ClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedException(IOException failure) {
      super("no one reads the output", failure);
    }

    /** Returns whether this ended what failed. */
    static boolean ended(Throwable failure) {
      return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
          .anyMatch(ClosedException.class::isInstance);
    }
  }

  StandardOutput(OutputStream to) {
    super(to);
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    try {
      out.write(bytes, start, length);
    } catch (IOException failure) {
      if (String.valueOf(failure.getMessage()).contains("Broken pipe")) {
        throw new ClosedException(failure);
      }
      throw failure;
    }
  }
}
