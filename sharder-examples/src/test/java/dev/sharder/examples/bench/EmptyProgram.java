package dev.sharder.examples.bench;

/** The least that Java can do, in a process of its own. */
final class EmptyProgram {

  private EmptyProgram() {}

  public static void main(String[] args) {}
}
