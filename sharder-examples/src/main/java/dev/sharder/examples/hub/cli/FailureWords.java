package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.SharderLauncher;
import dev.sharder.examples.hub.secrets.Secrets;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.ExecutionException;

/** Formats unexpected failures for a terminal. */
final class FailureWords {

  /** The option that adds stack traces. */
  static final String VERBOSE = "--verbose";

  private FailureWords() {}

  /** Returns whether the arguments of the program have {@link #VERBOSE} among the options. */
  static boolean areVerbose(String[] args) {
    List<String> all = List.of(args);
    int end = all.indexOf("--");
    return (end < 0 ? all : all.subList(0, end)).contains(VERBOSE);
  }

  /** Returns the arguments without repetitions of {@link #VERBOSE}, which have no effect. */
  static String[] verboseOnce(String[] args) {
    List<String> all = new ArrayList<>(List.of(args));
    int first = all.indexOf(VERBOSE);
    int end = all.indexOf("--");
    for (int i = (end < 0 ? all.size() : end) - 1; first >= 0 && i > first; i--) {
      if (all.get(i).equals(VERBOSE)) {
        all.remove(i);
      }
    }
    return all.toArray(String[]::new);
  }

  /** Reports a failure outside of any command, in one line. */
  static void report(Throwable failure, boolean isVerbose) {
    System.err.println("sharder: " + oneLine(line(failure)));
    if (isVerbose) {
      System.err.print(trace(failure));
    }
    System.err.flush();
  }

  /** Returns what a thread or a command ran into. */
  static Throwable unwrapped(Throwable failure) {
    boolean isWrapper =
        failure instanceof ExecutionException
            || failure instanceof CompletionException
            || failure instanceof InvocationTargetException
            || failure instanceof ExceptionInInitializerError;
    return isWrapper && failure.getCause() != null ? unwrapped(failure.getCause()) : failure;
  }

  /** Returns the value and the cure of an unexpected failure. */
  static String line(Throwable failure) {
    Throwable cause = unwrapped(failure);
    if (cause instanceof OutOfMemoryError) {
      return "Java has too little memory (%s); give it more, such as with %s"
          .formatted(cause.getMessage(), SharderLauncher.withJavaOption("-Xmx512m"));
    }
    if (cause instanceof LinkageError) {
      return "a part of the program cannot be loaded (%s); use the complete sharder.jar, with Java 17 or newer, and see the rest with %s"
          .formatted(cause, VERBOSE);
    }
    return "unexpected error: %s; see where with %s, and report it".formatted(cause, VERBOSE);
  }

  /** Returns a text in one line, without secrets, that cannot control the terminal. */
  static String oneLine(String text) {
    return Terminal.harmless(Secrets.masked(text).strip().replaceAll("\\s*\\R\\s*", " "));
  }

  /** Returns the stack trace as it may be shown. */
  static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return Terminal.harmless(Secrets.masked(text.toString()));
  }
}
