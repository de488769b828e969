package dev.sharder.examples.hub.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The output of a command, which ends when no one reads on, as with {@code list | head}. */
final class StandardOutput extends FilterOutputStream {

  static final String UNWRITABLE =
      "the output cannot be written; check the free space where it goes";

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

  private final Supplier<String> brokenPipe;

  StandardOutput(OutputStream to) {
    this(to, StandardOutput::brokenPipe);
  }

  /** Creates an output that fails with a known message when no one reads on. */
  StandardOutput(OutputStream to, Supplier<String> brokenPipe) {
    super(to);
    this.brokenPipe = brokenPipe;
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    try {
      out.write(bytes, start, length);
    } catch (IOException failure) {
      if (brokenPipe.get().equals(failure.getMessage())) {
        throw new ClosedException(failure);
      }
      throw failure;
    }
  }

  /**
   * Returns the system's message for a pipe that no one reads. It is in the language of the locale,
   * so it is taken from such a pipe.
   */
  private static String brokenPipe() {
    try {
      Pipe pipe = Pipe.open();
      try (Pipe.SinkChannel unread = pipe.sink()) {
        pipe.source().close();
        unread.write(ByteBuffer.allocate(1));
      }
      return "";
    } catch (IOException broken) {
      return String.valueOf(broken.getMessage());
    }
  }
}
