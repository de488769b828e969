package dev.sharder.examples.hub.config;

import java.util.Optional;

/** How this program was started, as a person would type it. */
public final class SharderLauncher {

  private SharderLauncher() {}

  /** Returns how the launcher was called; empty if Java was started without it. */
  public static Optional<String> command() {
    return Optional.ofNullable(System.getProperty("sharder.command"));
  }

  /** Returns how to give an option to Java. */
  public static String withJavaOption(String option) {
    return command().isPresent()
        ? "SHARDER_JAVA_OPTS=" + option
        : "java %s -jar sharder.jar".formatted(option);
  }
}
