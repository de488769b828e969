package dev.sharder.examples.hub.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The arguments and the environment, decoded as UTF-8. Java decodes them by the locale; without
 * one, as under cron and in containers, it loses every character that is not ASCII. Linux still has
 * the bytes in {@code /proc/self}.
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
      if (!isDoubtful(args[i])) {
        continue;
      }
      // The program's arguments come after those of Java.
      int at = written.map(List::size).orElse(0) - args.length + i;
      if (at >= 0 && isSame(args[i], written.orElseThrow().get(at))) {
        read[i] = utf8(written.orElseThrow().get(at), "argument %d".formatted(i + 1), args[i]);
      } else if (!isUnicode()) {
        throw lost("argument %d".formatted(i + 1), args[i]);
      }
    }
    return read;
  }

  /** Throws if a variable of Sharder has lost characters. */
  static void checkEnvironment(Map<String, String> environment) {
    environment.forEach(
        (name, value) -> {
          boolean isOurs = name.startsWith("SHARDER_") || name.startsWith("DB_");
          if (isOurs && value.indexOf('\uFFFD') >= 0 && !isWritten(name + "=" + value)) {
            throw lost("the environment variable " + name, value);
          }
        });
  }

  private static boolean isWritten(String variable) {
    byte[] bytes = variable.getBytes(StandardCharsets.UTF_8);
    return entries("environ").stream()
        .flatMap(List::stream)
        .anyMatch(entry -> ByteBuffer.wrap(entry).equals(ByteBuffer.wrap(bytes)));
  }

  /** Returns whether the argument may contain a replacement for a lost character. */
  private static boolean isDoubtful(String argument) {
    return argument.indexOf('\uFFFD') >= 0 || (!isUnicode() && argument.indexOf('?') >= 0);
  }

  private static boolean isUnicode() {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    return Charset.isSupported(encoding)
        && Charset.forName(encoding).equals(StandardCharsets.UTF_8);
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
