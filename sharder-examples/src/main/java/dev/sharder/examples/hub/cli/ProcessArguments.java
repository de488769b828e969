package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.files.LocalNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The arguments and the environment, decoded as UTF-8. Java decodes them by the locale: without
 * one, as under cron and in containers, it loses every character that is not ASCII, and in one that
 * is not UTF-8, it reads others. Linux still has the bytes in {@code /proc/self}.
 */
final class ProcessArguments {

  private static final Path PROCESS = Path.of("/proc/self");
  private static final String CURE = "set LC_ALL=C.UTF-8, or write it in UTF-8";

  private ProcessArguments() {}

  /** Returns the arguments decoded as UTF-8; throws for the first that cannot be recovered. */
  static String[] arguments(String[] args) {
    Optional<List<byte[]>> written = entries("cmdline");
    String[] read = args.clone();
    for (int i = 0; i < args.length; i++) {
      if (!isDoubtful(args[i], written.isPresent())) {
        continue;
      }
      // The program's arguments come after those of Java.
      int at = written.map(List::size).orElse(0) - args.length + i;
      if (at >= 0 && isSame(args[i], written.orElseThrow().get(at))) {
        read[i] = utf8(written.orElseThrow().get(at), "argument %d".formatted(i + 1), args[i]);
      } else if (!LocalNames.areUnicode()) {
        throw lost("argument %d".formatted(i + 1), args[i]);
      }
    }
    return read;
  }

  /** Throws if a variable of Sharder has lost characters. */
  static void checkEnvironment(Map<String, String> environment) {
    Optional<List<byte[]>> written = entries("environ");
    environment.forEach(
        (name, value) -> {
          boolean isOurs = name.startsWith("SHARDER_") || name.startsWith("DB_");
          if (isOurs && isLost(name, value, written)) {
            throw lost("the environment variable " + name, value);
          }
        });
  }

  private static boolean isLost(String name, String value, Optional<List<byte[]>> written) {
    if (written.isEmpty()) {
      return value.indexOf('\uFFFD') >= 0;
    }
    ByteBuffer variable = ByteBuffer.wrap((name + "=" + value).getBytes(StandardCharsets.UTF_8));
    return isDoubtful(value, true)
        && written.get().stream().noneMatch(entry -> ByteBuffer.wrap(entry).equals(variable));
  }

  /**
   * Returns whether the text may have a replacement for a lost character; or, where its bytes can
   * be read, another character, as the bytes of UTF-8 are other letters in ISO 8859-1.
   */
  private static boolean isDoubtful(String text, boolean isReadable) {
    boolean isLost = text.indexOf('\uFFFD') >= 0;
    return isLost
        || (!LocalNames.areUnicode()
            && (text.indexOf('?') >= 0 || (isReadable && !LocalNames.isAscii(text))));
  }

  /** Returns whether Java may have decoded the argument from these bytes: ASCII is never lost. */
  private static boolean isSame(String argument, byte[] bytes) {
    String left = new String(bytes, StandardCharsets.US_ASCII).replaceAll("[?\uFFFD]+", "?");
    return left.equals(argument.replaceAll("[?\\P{ASCII}]+", "?"));
  }

  private static String utf8(byte[] bytes, String what, String value) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException malformed) {
      throw lost(what, value);
    }
  }

  private static UsageException lost(String what, String value) {
    return new UsageException(
        "%s, '%s', has characters that are lost in this locale (%s); %s"
            .formatted(what, value, System.getProperty("sun.jnu.encoding"), CURE));
  }

  /** Reads entries that end with a zero byte; empty if there is no such file. */
  private static Optional<List<byte[]>> entries(String file) {
    try {
      byte[] all = Files.readAllBytes(PROCESS.resolve(file));
      List<byte[]> entries = new ArrayList<>();
      int start = 0;
      for (int i = 0; i < all.length; i++) {
        if (all[i] == 0) {
          entries.add(Arrays.copyOfRange(all, start, i));
          start = i + 1;
        }
      }
      return Optional.of(entries);
    } catch (IOException elsewhere) {
      return Optional.empty();
    }
  }
}
