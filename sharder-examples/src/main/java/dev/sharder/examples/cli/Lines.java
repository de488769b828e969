package dev.sharder.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file in UTF-8 that say something, with their numbers, read as they are asked for.
 */
final class Lines implements Iterator<Lines.Line> {

  /** One line, without its end. */
  record Line(long number, String text) {

    /** Tells whether a byte of it was no UTF-8, and is lost. */
    boolean isGarbled() {
      return text.indexOf('\uFFFD') >= 0;
    }
  }

  private final Path file;
  private final BufferedReader reader;
  private long number;
  private @Nullable Line next;
  private boolean ended;

  private Lines(Path file, BufferedReader reader) {
    this.file = file;
    this.reader = reader;
  }

  /** Opens a file; {@code -} is what the program is given to read. */
  static Lines of(Path file) {
    try {
      InputStream stream = file.toString().equals("-") ? System.in : Files.newInputStream(file);
      return new Lines(
          file, new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)));
    } catch (IOException failure) {
      throw new UsageException(
          "file '%s' cannot be read (%s); name a readable one".formatted(file, failure));
    }
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && !ended) {
        String text = reader.readLine();
        if (text == null) {
          reader.close();
          ended = true;
          return false;
        }
        number++;
        // A mark that some programs put before UTF-8.
        String line = number == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
        next = line.isBlank() ? null : new Line(number, line);
      }
      return next != null;
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "file '%s' cannot be read after line %d: %s".formatted(file, number, failure), failure);
    }
  }

  @Override
  public Line next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("the file has no more lines");
    }
    Line line = next;
    next = null;
    return line;
  }

  /** Says in a line what is wrong with one. */
  static String reason(Exception wrong) {
    return wrong instanceof JsonProcessingException malformed
        ? malformed.getOriginalMessage()
        : String.valueOf(wrong.getMessage());
  }
}
